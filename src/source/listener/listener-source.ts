import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Logger } from '../../log.ts'
import type { Check } from '../../worker/messages/tasks.ts'
import type { Origin } from '../../worker/messages/settings.ts'
import type { Budget } from '../budget/budget.ts'
import type { Connection, Range, Source, SourceAddress, SourceCounters, SourceEvents } from '../source.ts'
import { type Host, SenderConnection } from './connection.ts'
import { Door, type DoorOptions } from './door.ts'
import { describeFirstBytes } from './first-bytes.ts'
import type { TlsSettings } from './handshakes.ts'
import type { Protocol } from './protocol.ts'
import { Seldom } from './seldom.ts'
import { Turns } from './turns.ts'
import { Unsettled } from './unsettled.ts'

interface Options {
  origin: Origin
  place: { host: string, port: number, tls: boolean }
  budget: Budget
  tls: TlsSettings | undefined
  proxyProtocol: boolean
  maxConnections: number
  maxHandshakes: number
  maxFrameBytes: number
  patienceMs?: number
  log: Logger
}

/** A connection that has been quiet for so long may be closed for a sender that finds no place. */
const QUIET_MS = 10_000
/** At a stop, connections are read until so many turns of the event loop in a row bring nothing. */
const QUIET_TURNS = 3
const STOP_MS = 5_000
const WAIT_MS = 10

/**
 * An address that senders connect to, as a source. What they speak is a protocol of its own (`protocol.ts`); here is
 * what the protocols share: who comes in (Door), who is read (Turns), and what is settled.
 *
 *     held --start()--> open --stop()--> stopping --(all is read that must be)--> stopped
 *       any --close()--> closed
 *
 * The senders' deliveries are counted as one connection's, so that those of thousands of senders are few ranges. It is
 * never gone: a delivery is settled to its sender here, or to nobody.
 */
export class ListenerSource implements Source {
  readonly name: string
  readonly whenGone = 'kept'
  readonly addresses: readonly SourceAddress[]
  readonly startFacts: Source['startFacts']
  readonly counters: SourceCounters
  readonly #protocol: Protocol
  readonly #log: Logger
  readonly #seldom = new Seldom()
  readonly #door: Door
  readonly #turns: Turns
  readonly #connection: Connection = { gone: false }
  readonly #connections = new Set<SenderConnection>()
  readonly #unsettled = new Unsettled<{ connection: SenderConnection, cost: number, onSettled: (() => void) | undefined }>()
  #unwritten: SenderConnection[] = []
  #state: 'held' | 'open' | 'stopping' | 'stopped' | 'closed' = 'held'
  #lastRead = 0
  #events: SourceEvents | undefined
  /** Where it listens, once it does. */
  bound: { address: string, port: number } | undefined

  private constructor ({ origin, place, budget, maxFrameBytes, log, ...options }: Options, protocol: Protocol) {
    const { address } = origin
    this.name = address
    this.addresses = [{ ...origin, format: protocol.format }]
    this.startFacts = { listen: [address] }
    this.#protocol = protocol
    this.#log = log
    const counts = { faults: 0 }
    const door: DoorOptions = { ...options, ...place, tls: place.tls ? options.tls : undefined, address, log, seldom: this.#seldom }
    this.#door = new Door(door, {
      entered: (socket, host) => this.#entered(socket, host),
      crowded: () => this.#makePlace(),
      failed: () => { counts.faults++ }
    })
    this.#turns = new Turns(budget, maxFrameBytes, this.#connections)
    const [accepted, connections, waiting] = [() => this.#door.accepted, () => this.#connections.size, () => this.#door.waiting]
    this.counters = {
      get accepted () { return accepted() },
      get connections () { return connections() },
      get waiting () { return waiting() },
      get faults () { return counts.faults + (protocol.faults ?? 0) },
      get recognised () { return protocol.recognised }
    }
    this.#fault = () => { counts.faults++ }
  }

  readonly #fault: () => void

  /** Listens, and takes nothing yet. Where that is not possible, the promise rejects with ConfigError. */
  static async open (options: Options, protocol: Protocol): Promise<ListenerSource> {
    const source = new ListenerSource(options, protocol)
    source.bound = await source.#door.open()
    const { address, port } = source.bound
    options.log.info({ listen: options.origin.address, address, port }, `listening for senders: ${protocol.promise}`)
    return source
  }

  start (events: SourceEvents): void {
    this.#events = events
    if (this.#state !== 'held') return
    this.#state = 'open'
    this.#turns.start()
    this.#door.start()
  }

  canSendMore (): boolean {
    if (this.#state !== 'open' && this.#state !== 'stopping') return false
    for (const { session, paused } of this.#connections) if (!paused && !session.full) return true
    return false
  }

  settle (_connection: Connection, ranges: Range[]): void {
    for (const { connection, cost, onSettled } of this.#unsettled.takeAll(ranges)) {
      connection.held -= cost
      onSettled?.()
      this.#turns.settled(connection)
    }
  }

  grant (): void {
    this.#turns.serveSoon()
  }

  async stop (): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'closed') return
    this.#door.stop()
    const reads = this.#state === 'open' && this.#protocol.readsAtStop
    this.#state = 'stopping'
    if (reads) await this.#readOut()
    if (this.#isClosed()) return
    this.#state = 'stopped'
    this.#turns.stop()
    for (const connection of this.#connections) connection.session.stop()
  }

  async close (): Promise<void> {
    const unanswered = this.#state === 'closed' ? 0 : this.#protocol.unanswered
    this.#state = 'closed'
    this.#turns.stop()
    if (unanswered > 0) {
      this.#log.warn(
        { listen: this.name, records: unanswered },
        'closed before all records were stored: those whose senders have gone are lost, all others will be sent again'
      )
    }
    this.#flush()
    for (const connection of this.#connections) connection.destroy()
    await this.#door.close()
  }

  status (): Check {
    if (!this.#isUp) return { ok: false, detail: 'closed' }
    return { ok: true, detail: `listening; ${this.#connections.size} ${this.#connections.size === 1 ? 'sender' : 'senders'}` }
  }

  reading (): { up: boolean, credit: number } {
    return { up: this.#isUp, credit: 0 }
  }

  get #isUp (): boolean {
    return this.#state === 'held' || this.#state === 'open'
  }

  #isClosed (): boolean {
    return this.#state === 'closed'
  }

  #entered (socket: Socket | TLSSocket, host: string): void {
    if (this.#state === 'closed') {
      socket.destroy()
      return
    }
    const connection = new SenderConnection(socket, host, this.#protocol, {
      room: one => this.#turns.room(one),
      lease: bytes => this.#turns.lease(bytes),
      deliver: (...delivery) => this.#deliver(...delivery),
      took: one => { this.#lastRead++; this.#turns.took(one) },
      broke: (one, reason, bytes) => this.#broke(one, reason, bytes),
      wrote: one => this.#flushSoon(one),
      gone: one => this.#gone(one)
    })
    this.#connections.add(connection)
    this.#turns.add(connection)
  }

  #gone (connection: SenderConnection): void {
    this.#connections.delete(connection)
    this.#turns.gone(connection)
    this.#door.left()
  }

  #deliver (...[connection, message, cost, onSettled, redelivered]: Parameters<Host['deliver']>): void {
    if (this.#state === 'closed') return
    const id = this.#unsettled.add({ connection, cost, onSettled })
    this.#turns.deliver(connection, cost)
    this.#events?.onDelivery({ address: this.name, connection: this.#connection, id, message, cost, redelivered })
  }

  /** What all connections are answered in one turn leaves in one write each. */
  #flushSoon (connection: SenderConnection): void {
    if (this.#unwritten.length === 0) queueMicrotask(() => this.#flush())
    this.#unwritten.push(connection)
  }

  #flush (): void {
    const unwritten = this.#unwritten
    this.#unwritten = []
    for (const connection of unwritten) connection.flush()
  }

  #broke (connection: SenderConnection, reason: string, bytes: Buffer): void {
    this.#fault()
    const { name } = this.#protocol
    const isOther = this.#protocol.begins(bytes) === false
    const { came, hint } = isOther ? describeFirstBytes(bytes, name) : { came: reason, hint: undefined }
    const text = isOther ? `what came is not ${name}: the connection is closed` : 'a sender broke the protocol: its connection is closed'
    const fields = { listen: this.name, peer: connection.host, came, hint }
    this.#seldom.tell(came, untold => this.#log.warn(untold > 0 ? { ...fields, untold } : fields, text))
    connection.end()
  }

  /** All places are taken: closes the connection that has been quiet for longest, where that loses nothing. */
  #makePlace (): boolean {
    let quietest: SenderConnection | undefined
    for (const one of this.#connections) {
      if (one.session.idle && one.carried === 0 && one.heardAt < (quietest?.heardAt ?? performance.now() - QUIET_MS)) quietest = one
    }
    quietest?.session.stop()
    return quietest !== undefined
  }

  /** Reads what has come before the stop, when there is room: its senders would not send it again. */
  async #readOut (): Promise<void> {
    const until = performance.now() + STOP_MS
    let quiet = 0
    while (!this.#isClosed() && (this.#turns.waiting || ((quiet < QUIET_TURNS || this.#turns.holding) && performance.now() < until))) {
      const before = this.#lastRead
      await new Promise<void>(resolve => { this.#turns.holding ? setTimeout(resolve, WAIT_MS) : setImmediate(resolve) })
      quiet = before === this.#lastRead ? quiet + 1 : 0
    }
  }
}
