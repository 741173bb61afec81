import type { SyslogDelivery } from '../delivery/syslog-delivery.ts'
import type { Peer } from '../listener/protocol.ts'
import type { RelpCounts } from './counts.ts'
import { type Held, markStored, type Owner } from './held.ts'

/** The cost of a record beside its bytes, and of a delivery beside its records. */
const RECORD_COST = 192
const DELIVERY_COST = 256
/**
 * A record's bytes are held twice: for the batch, and to recognise it. Beyond so many, the second time costs nothing,
 * so that the longest fits into the room that is kept back for it.
 */
const MOST_HELD_COST = 16 * 1024
const CUT = Buffer.from(' [cut]')
const EMPTY = Buffer.alloc(0)

/** The records of one read, which make one delivery. */
export class Received {
  readonly #delivery: SyslogDelivery
  readonly #room: number
  #cost = DELIVERY_COST
  readonly held: Held[] = []

  constructor (delivery: SyslogDelivery, host: string, room: number) {
    this.#delivery = delivery
    this.#room = room
    delivery.begin(host)
  }

  /** Whether there is room for a record of so many bytes, which must be added then. */
  takes (length: number): boolean {
    const cost = this.#cost + RECORD_COST + CUT.length + length + Math.min(length, MOST_HELD_COST)
    if (cost > this.#room) return false
    this.#cost = cost
    return true
  }

  add (bytes: Uint8Array, start: number, end: number, later: number, owner: Owner, txnr: number): Held {
    this.#delivery.add(bytes, start, end, later)
    const to = this.#delivery.message.length
    const held = { message: EMPTY, start: to - (end - start), end: to, stored: false, owners: [[owner, txnr] as const] }
    this.held.push(held)
    return held
  }

  /** Adds the beginning of a longer record. */
  addCut (bytes: Buffer, start: number, end: number, later: number, owner: Owner, txnr: number): Held {
    const cut = Buffer.concat([bytes.subarray(start, end), CUT])
    return this.add(cut, 0, cut.length, later, owner, txnr)
  }

  deliver (peer: Peer, counts: RelpCounts): void {
    const { held } = this
    if (held.length === 0) return
    counts.unanswered += held.length
    const message = Buffer.from(this.#delivery.message)
    for (const one of held) one.message = message
    peer.deliver(message, this.#cost, () => {
      counts.unanswered -= held.length
      for (const one of held) markStored(one)
    })
  }
}
