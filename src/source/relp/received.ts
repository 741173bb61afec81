import { DELIVERY_COST, type SyslogDelivery } from '../delivery/syslog-delivery.ts'
import type { Peer } from '../listener/protocol.ts'
import type { RelpCounts } from './counts.ts'
import { type Carrier, HELD_COST, type Held, markStored } from './held.ts'

/**
 * A record's bytes are held twice: for the batch, and to recognise it. Beyond so many, the second time costs nothing,
 * so that the longest fits into the room that is kept back for it.
 */
const MOST_HELD_BYTES = 16 * 1024
const EMPTY = Buffer.alloc(0)

/** The records of one read, which make one delivery. */
export class Received {
  readonly #delivery: SyslogDelivery
  readonly #room: number
  #cost = DELIVERY_COST
  readonly held: Held[] = []
  /** Some of the records may have been sent, and stored, before. */
  redelivered = false

  constructor (delivery: SyslogDelivery, host: string, room: number) {
    this.#delivery = delivery
    this.#room = room
    delivery.begin(host)
  }

  /** Whether there is room for a record of so many bytes, which must be added then. */
  takes (length: number): boolean {
    const cost = this.#cost + HELD_COST + length + Math.min(length, MOST_HELD_BYTES)
    if (cost > this.#room) return false
    this.#cost = cost
    return true
  }

  /** Adds `bytes[start, end)` as a record. `later`: so many records with the same time came before it. */
  add (bytes: Buffer, start: number, end: number, later: number, owner: Carrier, txnr: number): Held {
    const at = this.#delivery.add(bytes, start, end, later)
    const held: Held = { message: EMPTY, start: at, end: at + end - start, stored: false, owner, txnr, repeater: undefined }
    this.held.push(held)
    return held
  }

  deliver (peer: Peer, counts: RelpCounts): void {
    const held = this.held
    if (held.length === 0) return
    const cost = this.#cost
    const message = Buffer.from(this.#delivery.message)
    for (const one of held) one.message = message
    counts.unanswered += held.length
    counts.cost += cost
    peer.deliver(message, cost, () => {
      counts.unanswered -= held.length
      counts.cost -= cost
      for (const one of held) markStored(one)
    }, this.redelivered)
  }
}
