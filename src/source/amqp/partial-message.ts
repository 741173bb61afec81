/** The least size, in bytes, of the buffer in which a message is joined. */
const MIN_SIZE = 256 * 1024
/** The largest such buffer that is kept for the next message. */
const MAX_KEPT = 2 * 1024 * 1024

/** The bytes of a message of several frames whose last frame has not come. */
export class PartialMessage {
  readonly #largest: number
  #buffer = Buffer.alloc(0)
  #bytes = 0

  /** `largest` is the most that a message may have, in bytes. */
  constructor (largest: number) {
    this.#largest = largest
  }

  get bytes (): number {
    return this.#bytes
  }

  /**
   * Copies a payload out of the socket's buffer, which the next read overwrites. The next message uses the copy's
   * buffer again.
   */
  add (payload: Uint8Array): void {
    const length = this.#bytes + payload.length
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, MIN_SIZE, Math.min(2 * length, this.#largest)))
      this.#buffer.copy(larger, 0, 0, this.#bytes)
      this.#buffer = larger
    }
    this.#buffer.set(payload, this.#bytes)
    this.#bytes = length
  }

  /** The whole message. It is valid until `clear`. */
  join (last: Uint8Array): Uint8Array {
    this.add(last)
    return this.#buffer.subarray(0, this.#bytes)
  }

  clear (): void {
    this.#bytes = 0
    if (this.#buffer.length > MAX_KEPT) this.#buffer = Buffer.alloc(0)
  }
}
