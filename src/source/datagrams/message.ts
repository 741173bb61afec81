/** What a datagram takes beside its bytes: its place in the message, and the entry that even an empty one becomes. */
export const DATAGRAM_COST = 64
/** What a message takes beside its datagrams. */
export const MESSAGE_COST = 256
/** No datagram that is read is larger: IPv4's and IPv6's own limit, rounded up; of a longer one on a Unix socket this much is read. */
export const MAX_DATAGRAM = 65536
/** A message that has gathered this cost is full. */
const FULL = 256 * 1024
/** The most that a message can cost. */
export const MAX_MESSAGE_COST = FULL + MAX_DATAGRAM + DATAGRAM_COST

/** A record's length, in front of it. */
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

  /** Keeps the bytes, and copies them when the message is taken. */
  add (record: Uint8Array): void {
    this.#records.push(record)
    this.#bytes += record.length
  }

  /** The message, in a buffer of its own, and its cost. It is empty again after that. */
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
