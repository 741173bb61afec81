import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ConfigError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { DatagramReader, ReaderEvents } from './reader.ts'
import { kernelDrops, type Bound } from './kernel-drops.ts'
import { NEXT_DATAGRAM_COST } from './message.ts'
import type { DatagramReport, DatagramSetup } from './udp-messages.ts'

interface Options {
  /** The socket's name in messages. */
  address: string
  /** The setting that names it. */
  setting: string
  host: string
  port: number
  /** The size to ask the kernel for, in bytes. */
  receiveBuffer: number
  log: Logger
}

/** What is granted and what is leased are counted modulo 2^32. So their difference must stay well below 2^31. */
const MAX_ROOM = 2 ** 30

/**
 * A UDP socket that a thread of its own reads. While the budget is used up, the thread does not read, and the kernel
 * drops datagrams that do not fit its buffer.
 */
export class UdpReader implements DatagramReader {
  readonly bound: Bound
  readonly #worker: Worker
  readonly #granted: Int32Array
  readonly #events: ReaderEvents
  #leased = 0
  #room = 0
  #ended = false

  private constructor (worker: Worker, granted: Int32Array, bound: Bound, events: ReaderEvents) {
    this.bound = bound
    this.#worker = worker
    this.#granted = granted
    this.#events = events
    worker.on('message', (report: DatagramReport) => this.#reported(report))
    worker.on('error', error => this.#failed(error.message))
    worker.on('exit', () => this.#failed('its thread has ended'))
  }

  /**
   * Binds the socket, and reads nothing yet. Where the socket cannot be bound, the promise rejects with ConfigError,
   * and nothing is left open.
   */
  static async open ({ address, setting, host, port, receiveBuffer, log }: Options, events: ReaderEvents): Promise<UdpReader> {
    const granted = new Int32Array(new SharedArrayBuffer(4))
    // The compiler does not rewrite this specifier. So the thread's file must end as this file does.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const workerData: DatagramSetup = { host, port, receiveBuffer, granted: granted.buffer }
    const worker = new Worker(new URL(`./udp.worker.${extension}`, import.meta.url), { workerData })
    // A Worker has listeners of its own for these events. `once` leaves them in place.
    const [report] = await once(worker, 'message') as [DatagramReport]
    if (report.kind !== 'listening') {
      await worker.terminate()
      throw new ConfigError(`${setting} is ${JSON.stringify(address)}: ${reasonOf(report)}`)
    }
    log.info(
      { socket: address, address: report.address, port: report.port, receiveBuffer: report.receiveBuffer },
      'listening for datagrams: nothing that comes this way is acknowledged'
    )
    // Linux keeps data of its own beside each datagram. So it sets twice the size that it is asked for, but no more
    // than twice net.core.rmem_max.
    if (report.receiveBuffer < receiveBuffer) {
      log.warn(
        { socket: address, receiveBuffer: report.receiveBuffer, asked: receiveBuffer },
        'the kernel holds less for the socket than LOKEAN_SOCKET_BUFFER asks for: raise net.core.rmem_max'
      )
    }
    return new UdpReader(worker, granted, report, events)
  }

  get listening (): boolean {
    return !this.#ended
  }

  start (room: number): void {
    this.grant(room)
  }

  grant (room: number): void {
    this.#room = Math.min(room, MAX_ROOM)
    Atomics.store(this.#granted, 0, (this.#leased + this.#room) | 0)
    Atomics.notify(this.#granted, 0)
  }

  canDeliver (): boolean {
    return this.#room >= NEXT_DATAGRAM_COST
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
      this.#room -= report.cost
      this.#leased = (this.#leased + report.cost) | 0
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

function reasonOf (report: DatagramReport): string {
  if (report.kind !== 'failed') return report.kind
  return report.code === 'EADDRINUSE' ? 'the port is in use' : `cannot listen there (${report.code || report.text})`
}
