/**
 * The cost of a datagram beside its bytes: its place in the message, and the entry that even an empty datagram becomes.
 */
export const DATAGRAM_COST = 64
/** The cost of a message beside its datagrams. */
export const MESSAGE_COST = 256
/**
 * The largest datagram that is read. IPv4 and IPv6 allow no larger one. Of a larger one on a Unix socket, so many bytes
 * are read.
 */
export const MAX_DATAGRAM = 65536
/** A message is full at this cost. */
const FULL = 256 * 1024
/** The most that a message can cost. */
export const MAX_MESSAGE_COST = FULL + MAX_DATAGRAM + DATAGRAM_COST

/** The length of a record stands in front of it, in so many bytes. */
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
