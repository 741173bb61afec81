import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ConfigError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { DatagramReader, ReaderEvents } from './reader.ts'
import { kernelDrops, type Bound } from './kernel-drops.ts'
import type { DatagramReport, DatagramSetup } from './udp-thread.ts'

interface Options {
  /** The socket's name, for messages. */
  address: string
  host: string
  port: number
  /** Asked of the kernel, in bytes. */
  receiveBuffer: number
  /** Cost that may be out at a time. */
  limit: number
  log: Logger
}

/** The thread counts modulo 2^32. */
const MAX_LIMIT = 2 ** 30

/** A UDP socket, read by a thread of its own: while the budget is used up it is not read, and the kernel drops what its buffer cannot hold. */
export class UdpReader implements DatagramReader {
  readonly bound: Bound
  readonly #worker: Worker
  readonly #returned: Int32Array
  readonly #events: ReaderEvents
  #taken = 0
  #ended = false

  private constructor (worker: Worker, returned: Int32Array, bound: Bound, events: ReaderEvents) {
    this.bound = bound
    this.#worker = worker
    this.#returned = returned
    this.#events = events
    worker.on('message', (report: DatagramReport) => this.#reported(report))
    worker.on('error', error => this.#failed(error.message))
    worker.on('exit', () => this.#failed('its thread has ended'))
  }

  /** Binds the socket, and reads nothing yet. Rejects with ConfigError, and nothing left open, where it cannot be bound. */
  static async open ({ address, host, port, receiveBuffer, limit: wanted, log }: Options, events: ReaderEvents): Promise<UdpReader> {
    const limit = Math.min(wanted, MAX_LIMIT)
    const returned = new Int32Array(new SharedArrayBuffer(4)).fill(-limit)
    // The specifier is not rewritten by the compiler, so the thread's file ends as this one does.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const workerData: DatagramSetup = { host, port, receiveBuffer, limit, returned: returned.buffer }
    const worker = new Worker(new URL(`./udp.worker.${extension}`, import.meta.url), { workerData })
    // `once` takes its own listeners away again, and no others: a Worker has some that it cannot do without.
    const [report] = await once(worker, 'message') as [DatagramReport]
    if (report.kind !== 'listening') {
      await worker.terminate()
      const reason = report.kind === 'failed' ? report.code === 'EADDRINUSE' ? 'the port is in use' : `cannot listen there (${report.code || report.text})` : report.kind
      throw new ConfigError(`LOKEAN_SOCKET is ${JSON.stringify(address)}: ${reason}`)
    }
    log.info({ socket: address, address: report.address, port: report.port, receiveBuffer: report.receiveBuffer }, 'listening for datagrams: nothing that comes this way is acknowledged')
    // Linux gives twice of what is asked, for what it keeps beside each datagram, and no more than twice net.core.rmem_max.
    if (report.receiveBuffer < receiveBuffer) {
      log.warn({ socket: address, receiveBuffer: report.receiveBuffer, asked: receiveBuffer }, 'the kernel holds less for the socket than LOKEAN_SOCKET_BUFFER asks for: raise net.core.rmem_max')
    }
    return new UdpReader(worker, returned, report, events)
  }

  get listening (): boolean {
    return !this.#ended
  }

  start (used: number): void {
    this.grant(used)
  }

  grant (used: number): void {
    Atomics.store(this.#returned, 0, (this.#taken - used) | 0)
    Atomics.notify(this.#returned, 0)
  }

  stop (): void {
    this.#worker.postMessage('stop')
  }

  async close (): Promise<void> {
    this.#ended = true
    await this.#worker.terminate()
  }

  drops (): number | undefined {
    return kernelDrops(this.bound)
  }

  #reported (report: DatagramReport): void {
    if (this.#ended) return
    if (report.kind === 'message') {
      this.#taken = (this.#taken + report.cost) | 0
      this.#events.message(report.message, report.cost)
    } else if (report.kind === 'failed') this.#failed(report.text)
    else if (report.kind === 'stopped') {
      this.#ended = true
      this.#events.stopped()
    }
  }

  #failed (reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#events.failed(reason)
  }
}
