import { LokeanError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Check } from '../../worker/messages/tasks.ts'
import type { Origin } from '../../worker/messages/settings.ts'
import type { Budget } from '../budget/budget.ts'
import type { Connection, Source, SourceAddress, SourceCounters, SourceEvents } from '../source.ts'
import type { DatagramReader, ReaderEvents } from './reader.ts'
import { UdpReader } from './udp-reader.ts'
import { UnixReader } from './unix-reader.ts'

/** `receiveBuffer` is the size to ask the kernel for, in bytes. `path` is absolute. */
export type SocketPlace = { kind: 'udp', host: string, port: number, receiveBuffer: number } | { kind: 'unix', path: string }

interface Options {
  /** The address of the origin is the name of the socket. */
  origin: Origin
  /** The setting that names the socket. */
  setting: string
  budget: Budget
  place: SocketPlace
  log: Logger
}

/**
 * A socket as a source. Each datagram is one record, and datagrams that come together make one delivery. Nothing is
 * acknowledged. Datagrams that do not arrive are lost, and so are those in the process when it dies; their senders do
 * not learn of it. The budget bounds this source as any other: while it is used up, the socket is not read.
 *
 *     held --start()--> reading --stop()--> stopping --(the kernel has no more)--> stopped
 *       |                                                                            ^
 *       `--stop()--------------------------------------------------------------------'
 *
 *     any --close(), or the reader fails--> closed: datagrams that are not read yet are lost
 */
export class DatagramSource implements Source {
  readonly name: string
  readonly whenGone = 'kept'
  readonly addresses: readonly SourceAddress[]
  readonly startFacts: Source['startFacts']
  /** A socket has no connection that could be lost. */
  readonly #connection: Connection = { gone: false }
  readonly #budget: Budget
  #reader!: DatagramReader
  #state: 'held' | 'reading' | 'stopping' | 'stopped' | 'closed' = 'held'
  #next = 0
  #granting = false
  #events: SourceEvents | undefined
  #drained: () => void = () => {}

  private constructor ({ origin, setting, budget }: Options) {
    this.name = DatagramSource.nameOf(origin.address, setting)
    this.addresses = [{ ...origin, format: 'syslog' }]
    this.startFacts = setting === 'LOKEAN_SOCKET' ? { socket: origin.address } : { listen: [origin.address] }
    this.#budget = budget
  }

  /** The socket of LOKEAN_SOCKET is the only one, and called so. */
  static nameOf (address: string, setting: string): string {
    return setting === 'LOKEAN_SOCKET' ? 'socket' : address
  }

  /**
   * Binds the socket, and reads nothing yet. Where the socket cannot be bound, the promise rejects with ConfigError,
   * and nothing is left open.
   */
  static async open (options: Options): Promise<DatagramSource> {
    const { budget, setting, place, log } = options
    const source = new DatagramSource(options)
    const events: ReaderEvents = {
      message: (message, cost) => source.#received(message, cost),
      stopped: () => { if (source.#state === 'stopping') source.#end('stopped') },
      failed: reason => source.#failed(reason)
    }
    const { address } = budget
    source.#reader = place.kind === 'udp'
      ? await UdpReader.open({ ...place, address, setting, log }, events)
      : await UnixReader.open({ ...place, address, setting, log }, events)
    return source
  }

  get counters (): SourceCounters {
    return { dropped: this.#reader.drops() }
  }

  start (events: SourceEvents): void {
    this.#events = events
    if (this.#state !== 'held') return
    this.#state = 'reading'
    this.#promise()
    this.#reader.start(this.#budget.promised)
  }

  canSendMore (): boolean {
    return (this.#state === 'reading' || this.#state === 'stopping') && this.#reader.canDeliver()
  }

  settle (): void {}

  grant (): void {
    if (this.#state === 'held') return
    this.#promise()
    this.#reader.grant(this.#budget.promised)
  }

  /** Lets the reader read as much as there is room for. */
  #promise (): void {
    const { room, own } = this.#budget
    this.#budget.promise(room)
    if (room < own) this.#budget.wait()
  }

  /** Reads the datagrams that the kernel has, as far as the budget allows, and then no more. */
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
    if (this.#reader.listening) return { ok: true, detail: 'listening' }
    return { ok: false, detail: 'not listening: what reads it has ended, and is started anew' }
  }

  reading (): { up: boolean, credit: number } {
    return { up: this.status().ok, credit: 0 }
  }

  #received (message: Uint8Array, cost: number): void {
    if (this.#state === 'closed') return
    this.#budget.lease(cost, this.#budget.promised - cost)
    const id = this.#next
    this.#next = (id + 1) >>> 0
    this.#events?.onDelivery({ address: this.#budget.address, connection: this.#connection, id, message, cost })
    this.#grantSoon()
  }

  /** Waits for a microtask: a reader may hand on several messages in one go, and then go on as the grant says. */
  #grantSoon (): void {
    if (this.#granting) return
    this.#granting = true
    queueMicrotask(() => {
      this.#granting = false
      if (this.#state !== 'closed') this.grant()
    })
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
