/** Shared buffers for batches, used again and again. One that is larger than the usual (a message larger than a batch) is not kept. */
export class Buffers {
  readonly #size: number
  readonly #keep: number
  readonly #free: SharedArrayBuffer[] = []

  /** At most `keep` buffers of `size` bytes are held while nobody uses them. */
  constructor (size: number, keep: number) {
    this.#size = size
    this.#keep = keep
  }

  take (bytes: number): SharedArrayBuffer {
    return bytes > this.#size ? new SharedArrayBuffer(bytes) : this.#free.pop() ?? new SharedArrayBuffer(this.#size)
  }

  give (buffer: SharedArrayBuffer): void {
    if (buffer.byteLength === this.#size && this.#free.length < this.#keep) this.#free.push(buffer)
  }
}
