import { LokeanError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Check, Origin } from '../../worker/messages.ts'
import type { Budget } from '../budget.ts'
import type { Connection, Source, SourceAddress, SourceCounters, SourceEvents } from '../source.ts'
import type { DatagramReader, ReaderEvents } from './reader.ts'
import { UdpReader } from './udp-reader.ts'
import { UnixReader } from './unix-reader.ts'

/** `receiveBuffer`: asked of the kernel, in bytes. `path`: absolute. */
export type SocketPlace = { kind: 'udp', host: string, port: number, receiveBuffer: number } | { kind: 'unix', path: string }

interface Options {
  /** Its address names the socket. */
  origin: Origin
  budget: Budget
  place: SocketPlace
  log: Logger
}

/**
 * A socket as a source: one record a datagram, and as many of them in a delivery as come together. Nobody waits for a
 * settlement: what has not arrived here, or is here when the process dies, is lost, and its sender does not know. The
 * budget holds all the same: when it is used up, the socket is not read.
 *
 *     held --start()--> reading --stop()--> stopping --(the kernel has no more)--> stopped
 *       |                                                                            ^
 *       `--stop()--------------------------------------------------------------------'
 *
 *     any --close(), or the reader fails--> closed: whatever has not been read is lost
 */
export class DatagramSource implements Source {
  readonly name = 'socket'
  readonly whenGone = 'kept'
  readonly addresses: readonly SourceAddress[]
  /** A socket has no connection that could be lost. */
  readonly #connection: Connection = { gone: false }
  readonly #budget: Budget
  #reader!: DatagramReader
  #state: 'held' | 'reading' | 'stopping' | 'stopped' | 'closed' = 'held'
  #next = 0
  #events: SourceEvents | undefined
  #drained: () => void = () => {}

  private constructor (origin: Origin, budget: Budget) {
    this.addresses = [{ ...origin, format: 'records' }]
    this.#budget = budget
  }

  /** Binds the socket, and reads nothing yet. Rejects with ConfigError, and nothing left open, where it cannot be bound. */
  static async open ({ origin, budget, place, log }: Options): Promise<DatagramSource> {
    const source = new DatagramSource(origin, budget)
    const events: ReaderEvents = {
      message: (message, cost) => source.#received(message, cost),
      stopped: () => { if (source.#state === 'stopping') source.#end('stopped') },
      failed: reason => source.#failed(reason)
    }
    const { address, limit } = budget
    source.#reader = place.kind === 'udp'
      ? await UdpReader.open({ ...place, address, limit, log }, events)
      : await UnixReader.open({ ...place, address, limit, log }, events)
    return source
  }

  get counters (): SourceCounters {
    return { dropped: this.#reader.drops() }
  }

  start (events: SourceEvents): void {
    this.#events = events
    if (this.#state !== 'held') return
    this.#state = 'reading'
    this.#reader.start(this.#budget.used)
  }

  canSendMore (): boolean {
    return this.#state === 'reading' || this.#state === 'stopping'
  }

  settle (): void {}

  grant (): void {
    if (this.#state !== 'held') this.#reader.grant(this.#budget.used)
  }

  /** Reads what the kernel has, as far as the budget goes, and then no more. */
  async stop (): Promise<void> {
    if (this.#state === 'held') this.#end('stopped')
    if (this.#state === 'stopped' || this.#state === 'closed') return
    const drained = new Promise<void>(resolve => { this.#drained = resolve })
    this.#state = 'stopping'
    this.#reader.stop()
    this.grant()
    await drained
  }

  async close (): Promise<void> {
    this.#end('closed')
    await this.#reader.close()
  }

  status (): Check {
    if (this.#state !== 'held' && this.#state !== 'reading') return { ok: false, detail: 'closed' }
    return this.#reader.listening ? { ok: true, detail: 'listening' } : { ok: false, detail: 'not listening: what reads it has ended, and is started anew' }
  }

  reading (): { up: boolean, credit: number } {
    return { up: this.status().ok, credit: 0 }
  }

  #received (message: Uint8Array, cost: number): void {
    if (this.#state === 'closed') return
    this.#budget.lease(cost)
    const id = this.#next
    this.#next = (id + 1) >>> 0
    this.#events?.onDelivery({ address: this.#budget.address, connection: this.#connection, id, message, cost })
  }

  #failed (reason: string): void {
    if (this.#state === 'closed') return
    this.#end('closed')
    this.#events?.onFatal(new LokeanError('LOKEAN_BUS', `the socket ${this.#budget.address} failed: ${reason}`))
  }

  #end (state: 'stopped' | 'closed'): void {
    this.#state = state
    this.#drained()
  }
}
