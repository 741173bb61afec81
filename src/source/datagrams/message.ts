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

/** The number of bytes in front of a record that hold its length. */
const LENGTH_BYTES = 4

/** Gathers datagrams into one delivery of the format `records`. */
export class DatagramMessage {
  #records: Uint8Array[] = []
  #bytes = 0

  get empty (): boolean {
    return this.#records.length === 0
  }

  get cost (): number {
    return this.empty ? 0 : MESSAGE_COST + this.#bytes + DATAGRAM_COST * this.#records.length
  }

  get full (): boolean {
    return this.cost >= FULL
  }

  /** Keeps a reference to the record's bytes. `take` copies them. */
  add (record: Uint8Array): void {
    this.#records.push(record)
    this.#bytes += record.length
  }

  /** Returns the message, in a buffer of its own, and its cost. The next message begins empty. */
  take (): { message: Buffer, cost: number } {
    const { cost } = this
    const message = Buffer.from(new ArrayBuffer(this.#bytes + LENGTH_BYTES * this.#records.length))
    let at = 0
    for (const record of this.#records) {
      message.writeUInt32BE(record.length, at)
      message.set(record, at + LENGTH_BYTES)
      at += LENGTH_BYTES + record.length
    }
    this.#records = []
    this.#bytes = 0
    return { message, cost }
  }
}
