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

/** Sections and list in front of the records: amqp-value, list32. */
const HEAD = 12
/** A record's: str32 and its length. */
const RECORD_HEAD = 5

/** Gathers datagrams into messages as omamqp1 would have sent them: a list of strings. */
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
    const message = Buffer.from(new ArrayBuffer(HEAD + this.#bytes + RECORD_HEAD * this.#records.length))
    message.set([0x00, 0x53, 0x77, 0xd0])
    message.writeUInt32BE(message.length - HEAD + 4, 4)
    message.writeUInt32BE(this.#records.length, 8)
    let at = HEAD
    for (const record of this.#records) {
      message[at] = 0xb1
      message.writeUInt32BE(record.length, at + 1)
      message.set(record, at + RECORD_HEAD)
      at += RECORD_HEAD + record.length
    }
    this.#records = []
    this.#bytes = 0
    return { message, cost }
  }
}
