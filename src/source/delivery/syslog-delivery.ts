/** The bytes in front of a record: its length, and the nanoseconds to add to its time. */
const HEAD_BYTES = 8
/** The length of an address is one byte. */
const MOST_PEER_BYTES = 255
/** The cost of a record beside its bytes, and of a delivery beside its records. */
export const RECORD_COST = 64
export const DELIVERY_COST = 256
const FIRST_BYTES = 64 * 1024

/**
 * Writes deliveries of the format `syslog`, one after the other, into one buffer. `message` is valid until the next
 * delivery begins.
 */
export class SyslogDelivery {
  #buffer: Buffer<ArrayBuffer>
  #length = 0
  records = 0

  /** The buffer grows where it does not do. */
  constructor (bytes = FIRST_BYTES) {
    this.#buffer = Buffer.allocUnsafeSlow(bytes)
  }

  /** Begins a delivery of records from `peer`, an address in ASCII; `''` where it is not known. */
  begin (peer: string): void {
    const written = this.#buffer.write(peer.slice(0, MOST_PEER_BYTES), 1, 'latin1')
    this.#buffer[0] = written
    this.#length = 1 + written
    this.records = 0
  }

  /**
   * Adds `bytes[start, end)` as a record. `later`: so many records with the same time came before it. Returns where the
   * record's bytes are in the message.
   */
  add (bytes: Uint8Array, start: number, end: number, later: number): number {
    const record = this.#length + HEAD_BYTES
    const next = record + end - start
    if (next > this.#buffer.length) this.#grow(next)
    this.#buffer.writeUInt32BE(end - start, this.#length)
    this.#buffer.writeUInt32BE(later, this.#length + 4)
    this.#buffer.set(bytes.subarray(start, end), record)
    this.#length = next
    this.records++
    return record
  }

  get message (): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length)
  }

  #grow (least: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(least, 2 * this.#buffer.length))
    larger.set(this.message)
    this.#buffer = larger
  }
}
