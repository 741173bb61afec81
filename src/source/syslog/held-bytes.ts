const NO_BYTES = Buffer.alloc(0)
/** A buffer that has become larger is given back once it is empty. */
const KEPT_BYTES = 4 * 1024

/** The beginning of a frame whose rest has not come. */
export class HeldBytes {
  #buffer = NO_BYTES
  #length = 0

  get length (): number {
    return this.#length
  }

  get bytes (): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  append (bytes: Uint8Array): void {
    const length = this.#length + bytes.length
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#buffer.length))
      larger.set(this.bytes)
      this.#buffer = larger
    }
    this.#buffer.set(bytes, this.#length)
    this.#length = length
  }

  /** Forgets all but what begins at `at`. */
  dropBefore (at: number): void {
    this.#buffer.copyWithin(0, at, this.#length)
    this.#length -= at
    if (this.#length === 0 && this.#buffer.length > KEPT_BYTES) this.#buffer = NO_BYTES
  }
}
