import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { READ_BYTES } from '../budget/frame-room.ts'
import { Carry } from './carry.ts'
import { PlainWire } from './plain-wire.ts'
import { type Peer, type Protocol, ProtocolError, type Session } from './protocol.ts'
import { TlsWire } from './tls-wire.ts'
import type { Wire, WireEvents } from './wire.ts'

/** What a connection asks of its listener. */
export interface Host {
  /** The cost that the connection may take now. */
  room (connection: SenderConnection): number
  /** The connection's memory costs so much more, or less. */
  lease (bytes: number): void
  deliver (connection: SenderConnection, message: Uint8Array, cost: number, onSettled: (() => void) | undefined, redelivered: boolean): void
  /** The connection has taken what it could of what has come. */
  took (connection: SenderConnection): void
  /** The sender broke the protocol. `bytes`: what stands where it did. */
  broke (connection: SenderConnection, reason: string, bytes: Buffer): void
  /** Something is to be written: `flush` must be called. It is said once. */
  wrote (connection: SenderConnection): void
  gone (connection: SenderConnection): void
}

/** While its session takes frames that cost nothing, a connection is read in pieces of this size, room or not. */
const FRESH_BYTES = 4 * 1024
/** A sender that does not read its answers is not read either. */
const MOST_UNSENT = 64 * 1024
/** How long what was written last may take to leave. */
const END_PATIENCE_MS = 10_000
const NOTHING = { taken: 0, lacks: 'bytes' } as const

/**
 * One sender's connection.
 *
 *     open --(the sender's end)--> ended --end()--> ending --> gone
 *       `--(reset, broken protocol, close)---------------------^
 *
 * What has come and found no room yet is taken when there is some, also when the connection is ended or gone by then:
 * its sender may have forgotten it. Bytes that are no whole frame at the end are dropped.
 */
export class SenderConnection implements Peer, WireEvents {
  readonly host: string
  readonly session: Session
  /** The cost of deliveries that are not settled. */
  held = 0
  /** The last of the listener's periods in which it delivered something. */
  activeIn = -1
  /** What the next frame lacks. */
  lacks: 'bytes' | 'room' = 'bytes'
  behind = false
  gone = false
  readonly since = performance.now()
  /** When bytes have come last. */
  heardAt = this.since
  /** What may be read before the others have their turn. */
  turnBytes = Infinity
  /** The last call of `take` took something. */
  progressed = false
  readonly #wire: Wire
  readonly #owner: Host
  readonly #protocol: Protocol
  readonly #carry = new Carry()
  #begun = false
  #ended = false
  #told = false
  #out = ''
  #endTimer: NodeJS.Timeout | undefined

  constructor (socket: Socket | TLSSocket, host: string, protocol: Protocol, owner: Host) {
    this.host = host
    this.#owner = owner
    this.#protocol = protocol
    this.session = protocol.open(this)
    this.#wire = socket instanceof TLSSocket ? new TlsWire(socket, this) : new PlainWire(socket, this)
  }

  get nextRead (): number {
    return this.session.fresh ? FRESH_BYTES : READ_BYTES
  }

  get carried (): number {
    return this.#carry.length
  }

  get carryCost (): number {
    return this.#carry.cost
  }

  /** Everything that will ever come has come. */
  get over (): boolean {
    return this.#ended || this.gone
  }

  /** Whether the connection is small enough to be read without room. */
  get light (): boolean {
    return this.session.fresh && this.#carry.length < FRESH_BYTES
  }

  get deaf (): boolean {
    return this.#wire.unsent > MOST_UNSENT
  }

  get paused (): boolean {
    return this.#wire.paused
  }

  resume (): void {
    if (!this.over) this.#wire.resume()
  }

  pause (): void {
    this.#wire.pause()
  }

  /** Takes what has come before and found no room. */
  work (): void {
    if (this.#carry.length > 0) this.#take(this.#carry.bytes, 0)
    else this.#endWhenOver()
  }

  write (text: string): void {
    if (this.gone) return
    if (this.#out === '') this.#owner.wrote(this)
    this.#out += text
  }

  flush (): void {
    if (this.#out !== '' && !this.gone) this.#wire.write(this.#out)
    this.#out = ''
  }

  end (): void {
    if (this.gone || this.#endTimer !== undefined) return
    this.#ended = true
    this.pause()
    this.flush()
    this.#endTimer = setTimeout(() => this.#wire.destroy(), END_PATIENCE_MS)
    this.#wire.end()
  }

  destroy (): void {
    this.#owner.lease(-this.#carry.cost)
    this.#carry.clear()
    this.#wire.destroy()
  }

  deliver (message: Uint8Array, cost: number, onSettled?: () => void, redelivered = false): void {
    this.held += cost
    this.#owner.deliver(this, message, cost, onSettled, redelivered)
  }

  bytes (chunk: Buffer): void {
    if (this.#ended) return
    this.heardAt = performance.now()
    this.turnBytes -= chunk.length
    if (this.#carry.length === 0) return this.#take(chunk, chunk.length)
    const before = this.#carry.cost
    this.#carry.append(chunk)
    this.#owner.lease(this.#carry.cost - before)
    this.#take(this.#carry.bytes, 0)
  }

  ended (): void {
    this.#ended = true
    this.work()
  }

  drained (): void {
    this.#owner.took(this)
  }

  closed (): void {
    clearTimeout(this.#endTimer)
    this.gone = true
    this.#out = ''
    this.session.lost()
    this.#owner.gone(this)
    this.work()
  }

  /** `bytes` are the carry's, or the last `fresh` bytes that have come, which are in nobody's memory. */
  #take (bytes: Buffer, fresh: number): void {
    const before = this.#carry.cost
    this.#owner.lease(-before)
    try {
      if (!this.#begun) this.#check(bytes)
      const { taken, lacks } = this.#begun ? this.session.take(bytes, this.#owner.room(this), this.over) : NOTHING
      this.progressed = taken > 0
      if (fresh === 0) this.#carry.drop(taken)
      else if (taken < bytes.length) this.#carry.append(bytes.subarray(taken))
      this.lacks = this.#carry.length > 0 ? lacks : 'bytes'
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#carry.clear()
      this.lacks = 'bytes'
      this.#owner.broke(this, error.message, bytes)
    }
    this.#owner.lease(this.#carry.cost)
    this.#endWhenOver()
    this.#owner.took(this)
  }

  #check (bytes: Buffer): void {
    const begins = this.#protocol.begins(bytes)
    if (begins === false) throw new ProtocolError('another protocol')
    this.#begun = begins === true
  }

  #endWhenOver (): void {
    if (!this.over || this.lacks === 'room' || this.#told) return
    this.#told = true
    const dropped = this.#carry.length
    this.#owner.lease(-this.#carry.cost)
    this.#carry.clear()
    this.session.ended(dropped)
  }
}
