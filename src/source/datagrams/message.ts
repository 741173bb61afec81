import { EqualTimes } from '../delivery/equal-times.ts'
import { SyslogDelivery } from '../delivery/syslog-delivery.ts'

/**
 * The cost of a datagram beside its bytes: its place in the message, and the entry that even an empty datagram becomes.
 */
export const DATAGRAM_COST = 64
/** The cost of a message beside its datagrams. */
export const MESSAGE_COST = 256
/**
 * The length of the largest datagram that is read whole. IPv4 and IPv6 allow no larger one. One on a Unix socket can be
 * larger: it is cut at this length.
 */
export const MAX_DATAGRAM = 65536
/** The room that a reader needs for any datagram that may come next, where no message is begun. */
export const NEXT_DATAGRAM_COST = MAX_DATAGRAM + DATAGRAM_COST + MESSAGE_COST
/** A message is full at this cost. */
const FULL = 256 * 1024
/** The least that a message costs: one empty datagram. */
export const LEAST_MESSAGE_COST = MESSAGE_COST + DATAGRAM_COST
/** The most that a message can cost. */
export const MAX_MESSAGE_COST = FULL + MAX_DATAGRAM + DATAGRAM_COST

const BRACE = 0x7b

/**
 * Gathers datagrams into one delivery of the format `syslog`. All of its records that are no JSON come from one host, as
 * a header of syslog may lack it.
 */
export class DatagramMessage {
  #records: Uint8Array[] = []
  #bytes = 0
  #peer: string | undefined
  readonly #times = new EqualTimes()

  get empty (): boolean {
    return this.#records.length === 0
  }

  get cost (): number {
    return this.empty ? 0 : MESSAGE_COST + this.#bytes + DATAGRAM_COST * this.#records.length
  }

  get full (): boolean {
    return this.cost >= FULL
  }

  /** Whether the record may stand beside those that are gathered. */
  suits (record: Uint8Array, peer: string): boolean {
    return this.#peer === undefined || this.#peer === peer || record[0] === BRACE
  }

  /** Keeps a reference to the record's bytes. `take` copies them. `peer`: the sender's host, where it is known. */
  add (record: Uint8Array, peer = ''): void {
    if (record[0] !== BRACE) this.#peer = peer
    this.#records.push(record)
    this.#bytes += record.length
  }

  /** Returns the message, in a buffer of its own, and its cost. The next message begins empty. */
  take (): { message: Uint8Array<ArrayBuffer>, cost: number } {
    const { cost } = this
    const delivery = new SyslogDelivery(this.#bytes + DATAGRAM_COST * this.#records.length + MESSAGE_COST)
    delivery.begin(this.#peer ?? '')
    for (const record of this.#records) delivery.add(record, 0, record.length, this.#times.count(record, 0, record.length))
    this.#records = []
    this.#bytes = 0
    this.#peer = undefined
    return { message: delivery.message, cost }
  }
}
