import type { Peer, Protocol, Session, Taken } from '../../src/source/listener/protocol.ts'
import { ProtocolError } from '../../src/source/listener/protocol.ts'

/** What a protocol has delivered, settled by hand: no sockets, so that each step is done when it returns. */
export class HandSettled<P extends Protocol = Protocol> {
  readonly protocol: P
  readonly records: string[] = []
  /** Those that the deliveries tell to have been sent before. */
  readonly redelivered: string[] = []
  readonly #unsettled: Array<() => void> = []

  constructor (protocol: P) {
    this.protocol = protocol
  }

  deliver (message: Uint8Array, onSettled: () => void, redelivered: boolean): void {
    const records = recordsOf(message)
    this.records.push(...records)
    if (redelivered) this.redelivered.push(...records)
    this.#unsettled.push(onSettled)
  }

  /** Settles one delivery. */
  settle (which = 0): void {
    const [settled] = this.#unsettled.splice(which % Math.max(1, this.#unsettled.length), 1)
    settled?.()
  }

  settleAll (): void {
    while (this.#unsettled.length > 0) this.settle()
  }
}

/** A connection without a socket. What its session does not take comes again with the next bytes. */
export class HandFed<S extends Session = Session> implements Peer {
  readonly host = '192.0.2.1'
  readonly session: S
  behind = false
  closed = false
  written = ''
  /** What is not taken yet. */
  carry = Buffer.alloc(0)
  lacks: Taken['lacks'] = 'bytes'
  /** What the deliveries of the last call of `feed` have cost. */
  cost = 0
  readonly #owner: HandSettled
  #begun = false

  constructor (owner: HandSettled, open: (peer: Peer) => S) {
    this.#owner = owner
    this.session = open(this)
  }

  write (text: string): void {
    this.written += text
  }

  end (): void {
    this.closed = true
  }

  deliver (message: Uint8Array, cost: number, onSettled: () => void = () => {}, redelivered = false): void {
    this.cost += cost
    this.#owner.deliver(message, onSettled, redelivered)
  }

  /** Feeds the bytes, in latin1 where they are text. Returns how the protocol was broken, if it was. */
  feed (bytes: string | Uint8Array, room = Infinity, last = false): string | undefined {
    this.carry = Buffer.concat([this.carry, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes])
    this.cost = 0
    const begins = this.#begun || this.#owner.protocol.begins(this.carry)
    if (begins === false) return 'another protocol'
    if (begins === undefined) return undefined
    this.#begun = true
    try {
      const { taken, lacks } = this.session.take(this.carry, room, last)
      this.carry = this.carry.subarray(taken)
      this.lacks = lacks
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.carry = Buffer.alloc(0)
      return error.message
    }
    return undefined
  }
}

/** The records of a delivery: behind the peer's address, each behind its length and the count of equal times. */
export function recordsOf (message: Uint8Array): string[] {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length)
  const found: string[] = []
  for (let at = 1 + bytes[0], end; at < bytes.length; at = end) {
    end = at + 8 + bytes.readUInt32BE(at)
    found.push(bytes.toString('latin1', at + 8, end))
  }
  return found
}
