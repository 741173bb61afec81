import type { Settleable } from '../../ack/settler.ts'
import type { Delivery } from '../../batch/batcher.ts'
import { LokeanError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Check } from '../../worker/messages.ts'
import type { Budget } from '../budget.ts'
import type { DatagramReader, ReaderEvents } from './reader.ts'
import { UdpReader } from './udp-reader.ts'
import { UnixReader } from './unix-reader.ts'

/** `receiveBuffer`: asked of the kernel, in bytes. `path`: absolute. */
export type SocketPlace = { kind: 'udp', host: string, port: number, receiveBuffer: number } | { kind: 'unix', path: string }

interface Options {
  /** Its address names the socket. */
  budget: Budget
  place: SocketPlace
  log: Logger
}

/**
 * A socket as a source beside the bus: one record a datagram, handed on in messages as omamqp1 would have made of them. There is nobody
 * to settle anything with: what has not arrived here, or is here when the process dies, is lost, and its sender does not know. The budget
 * holds all the same: when it is used up, the socket is not read.
 *
 *     held --start()--> reading --stop()--> stopping --(the kernel has no more)--> stopped
 *       |                                                                            ^
 *       `--stop()--------------------------------------------------------------------'
 *
 *     any --close(), or the reader fails--> closed: whatever has not been read is lost
 */
export class Datagrams implements Settleable {
  /** Of no connection that could be lost. */
  readonly stale = false
  readonly #budget: Budget
  #reader!: DatagramReader
  #state: 'held' | 'reading' | 'stopping' | 'stopped' | 'closed' = 'held'
  #next = 0
  #onDelivery: (delivery: Delivery) => void = () => {}
  #onFailed: (error: Error) => void = () => {}

  private constructor (budget: Budget) {
    this.#budget = budget
  }

  /** Binds the socket, and reads nothing yet. Rejects with ConfigError, and nothing left open, where it cannot be bound. */
  static async open ({ budget, place, log }: Options): Promise<Datagrams> {
    const datagrams = new Datagrams(budget)
    const events: ReaderEvents = {
      message: (message, cost) => datagrams.#received(message, cost),
      stopped: () => { if (datagrams.#state === 'stopping') datagrams.#state = 'stopped' },
      failed: reason => datagrams.#failed(reason)
    }
    const { address, limit } = budget
    datagrams.#reader = place.kind === 'udp'
      ? await UdpReader.open({ ...place, address, limit, log }, events)
      : await UnixReader.open({ ...place, address, limit, log }, events)
    return datagrams
  }

  /** Its name. */
  get address (): string {
    return this.#budget.address
  }

  get status (): Check {
    if (this.#state !== 'held' && this.#state !== 'reading') return { ok: false, detail: 'closed' }
    return this.#reader.listening ? { ok: true, detail: 'listening' } : { ok: false, detail: 'not listening: what reads it has ended, and is started anew' }
  }

  start (onDelivery: (delivery: Delivery) => void, onFailed: (error: Error) => void): void {
    this.#onDelivery = onDelivery
    this.#onFailed = onFailed
    if (this.#state !== 'held') return
    this.#state = 'reading'
    this.#reader.start(this.#budget.used)
  }

  /** Nobody waits for it. */
  settle (): void {}

  /** To be called when the budget has got room. */
  grant (): void {
    if (this.#state !== 'held') this.#reader.grant(this.#budget.used)
  }

  /** Reads what the kernel has, as far as the budget goes, and then no more. */
  stop (): void {
    if (this.#state === 'held') this.#state = 'stopped'
    if (this.#state !== 'reading') return
    this.#state = 'stopping'
    this.#reader.stop()
    this.grant()
  }

  /** Whether all has been read that was there when it was stopped. */
  get drained (): boolean {
    return this.#state === 'stopped' || this.#state === 'closed'
  }

  async close (): Promise<void> {
    this.#state = 'closed'
    await this.#reader.close()
  }

  /** Datagrams that the kernel has dropped at this socket; undefined where it does not tell, or drops none. */
  drops (): number | undefined {
    return this.#reader.drops()
  }

  #received (message: Uint8Array, cost: number): void {
    if (this.#state === 'closed') return
    this.#budget.lease(cost)
    const id = this.#next
    this.#next = (id + 1) >>> 0
    this.#onDelivery({ address: this.#budget.address, link: this, id, message, cost })
  }

  #failed (reason: string): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#onFailed(new LokeanError('LOKEAN_BUS', `the socket ${this.#budget.address} failed: ${reason}`))
  }
}
