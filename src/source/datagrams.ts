import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Settleable } from '../ack/settler.ts'
import type { Delivery } from '../batch/batcher.ts'
import { ConfigError, LokeanError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Budget } from './budget.ts'
import type { DatagramReport, DatagramSetup } from './datagram-thread.ts'
import { kernelDrops, type Bound } from './kernel-drops.ts'

interface Options {
  /** Its address names the socket. */
  budget: Budget
  host: string
  port: number
  /** Asked of the kernel, in bytes. */
  receiveBuffer: number
  log: Logger
}

/** The thread counts modulo 2^32. */
const MAX_LIMIT = 2 ** 30

/**
 * A UDP socket as a source beside the bus: one record a datagram, handed on in messages as omamqp1 would have made of them. There is nobody
 * to settle anything with: what has not arrived here, or is here when the process dies, is lost, and its sender does not know. The budget
 * holds all the same: when it is used up, the socket is not read, and the kernel drops what its buffer cannot hold.
 *
 *     held --start()--> reading --stop()--> stopping --(the kernel's buffer is empty)--> stopped
 *       |                                                                                  ^
 *       `--stop()--------------------------------------------------------------------------'
 *
 *     any --close(), or the socket or its thread fails--> closed: whatever has not been read is lost
 */
export class Datagrams implements Settleable {
  /** Of no connection that could be lost. */
  readonly stale = false
  readonly bound: Bound
  readonly #budget: Budget
  readonly #worker: Worker
  readonly #returned: Int32Array
  #state: 'held' | 'reading' | 'stopping' | 'stopped' | 'closed' = 'held'
  #taken = 0
  #next = 0
  #onDelivery: (delivery: Delivery) => void = () => {}
  #onFailed: (error: Error) => void = () => {}

  private constructor (budget: Budget, worker: Worker, returned: Int32Array, bound: Bound) {
    this.bound = bound
    this.#budget = budget
    this.#worker = worker
    this.#returned = returned
    worker.on('message', (report: DatagramReport) => this.#reported(report))
    worker.on('error', error => this.#failed(error.message))
    worker.on('exit', () => { if (this.#state === 'held' || this.#state === 'reading') this.#failed('its thread has ended') })
  }

  /** Binds the socket, and reads nothing yet. Rejects with ConfigError, and nothing left open, where it cannot be bound. */
  static async open ({ budget, host, port, receiveBuffer, log }: Options): Promise<Datagrams> {
    const limit = Math.min(budget.limit, MAX_LIMIT)
    const returned = new Int32Array(new SharedArrayBuffer(4)).fill(-limit)
    // The specifier is not rewritten by the compiler, so the thread's file ends as this one does.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const workerData: DatagramSetup = { host, port, receiveBuffer, limit, returned: returned.buffer as SharedArrayBuffer }
    const worker = new Worker(new URL(`./datagrams.worker.${extension}`, import.meta.url), { workerData })
    // `once` takes its own listeners away again, and no others: a Worker has some that it cannot do without.
    const [report] = await once(worker, 'message') as [DatagramReport]
    if (report.kind !== 'listening') {
      await worker.terminate()
      const reason = report.kind === 'failed' ? report.code === 'EADDRINUSE' ? 'the port is in use' : `cannot listen there (${report.code || report.text})` : report.kind
      throw new ConfigError(`LOKEAN_SOCKET is ${JSON.stringify(budget.address)}: ${reason}`)
    }
    log.info({ socket: budget.address, address: report.address, port: report.port, receiveBuffer: report.receiveBuffer }, 'listening for datagrams: nothing that comes this way is acknowledged')
    // Linux gives twice of what is asked, for what it keeps beside each datagram, and no more than twice net.core.rmem_max.
    if (report.receiveBuffer < receiveBuffer) {
      log.warn({ socket: budget.address, receiveBuffer: report.receiveBuffer, asked: receiveBuffer }, 'the kernel holds less for the socket than LOKEAN_SOCKET_BUFFER asks for: raise net.core.rmem_max')
    }
    return new Datagrams(budget, worker, returned, report)
  }

  /** Its name. */
  get address (): string {
    return this.#budget.address
  }

  get listening (): boolean {
    return this.#state === 'held' || this.#state === 'reading'
  }

  start (onDelivery: (delivery: Delivery) => void, onFailed: (error: Error) => void): void {
    this.#onDelivery = onDelivery
    this.#onFailed = onFailed
    if (this.#state !== 'held') return
    this.#state = 'reading'
    this.grant()
  }

  /** Nobody waits for it. */
  settle (): void {}

  /** To be called when the budget has got room. */
  grant (): void {
    if (this.#state === 'held') return
    Atomics.store(this.#returned, 0, (this.#taken - this.#budget.used) | 0)
    Atomics.notify(this.#returned, 0)
  }

  /** Reads what the kernel has, as far as the budget goes, and then no more. */
  stop (): void {
    if (this.#state === 'held') this.#state = 'stopped'
    if (this.#state !== 'reading') return
    this.#state = 'stopping'
    this.#worker.postMessage('stop')
    this.grant()
  }

  /** Whether all has been read that was there when it was stopped. */
  get drained (): boolean {
    return this.#state === 'stopped' || this.#state === 'closed'
  }

  async close (): Promise<void> {
    this.#state = 'closed'
    await this.#worker.terminate()
  }

  /** Datagrams that the kernel has dropped at this socket, for want of room in its buffer; undefined where it does not tell. */
  drops (): number | undefined {
    return kernelDrops(this.bound)
  }

  #reported (report: DatagramReport): void {
    if (this.#state === 'closed') return
    if (report.kind === 'stopped') this.#state = 'stopped'
    else if (report.kind === 'failed') this.#failed(report.text)
    else if (report.kind === 'message') {
      this.#taken = (this.#taken + report.cost) | 0
      this.#budget.take(report.cost)
      const id = this.#next
      this.#next = (id + 1) >>> 0
      this.#onDelivery({ address: this.#budget.address, link: this, id, message: report.message, cost: report.cost })
    }
  }

  #failed (reason: string): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#onFailed(new LokeanError('LOKEAN_BUS', `the socket ${this.#budget.address} failed: ${reason}`))
  }
}
