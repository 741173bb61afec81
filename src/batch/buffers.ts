/**
 * Shared buffers for batches, used again and again: room for so many bytes of messages, and half as many behind them for what is made
 * of these. One that is larger than the usual (a message larger than a batch) is not kept.
 */
export class Buffers {
  /** Bytes of messages. */
  readonly #size: number
  readonly #keep: number
  readonly #free: SharedArrayBuffer[] = []
  #inUse = 0

  /** At most `keep` buffers for `size` bytes of messages are held while nobody uses them. */
  constructor (size: number, keep: number) {
    this.#size = even(size)
    this.#keep = keep
  }

  lease (bytes: number): SharedArrayBuffer {
    this.#inUse++
    return bytes > this.#size ? allocate(bytes) : this.#free.pop() ?? allocate(this.#size)
  }

  release (buffer: SharedArrayBuffer): void {
    this.#inUse--
    if (Buffers.room(buffer) === this.#size && this.#free.length < this.#keep) this.#free.push(buffer)
  }

  /** A copy of the first `bytes` of it, in memory of their own, to be given back in its place: a thread may still write to the old one. */
  replace (buffer: SharedArrayBuffer, bytes: number): SharedArrayBuffer {
    const copy = new SharedArrayBuffer(bytes)
    new Uint8Array(copy).set(new Uint8Array(buffer, 0, bytes))
    return copy
  }

  /**
   * More are in use than are kept, so each is better given back soon: batches may be as small as one message, and buffers that each hold
   * little for as long as Loki stalls would be many times the budget.
   */
  get exhausted (): boolean {
    return this.#inUse > this.#keep
  }

  /** Bytes of messages that fit into a buffer. */
  static room (buffer: SharedArrayBuffer): number {
    return Math.floor(buffer.byteLength / 3) * 2
  }
}

/** A multiple of 3, and so many bytes of messages, or one more, are two thirds of it. */
function allocate (bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(even(bytes) / 2 * 3)
}

function even (bytes: number): number {
  return Math.ceil(bytes / 2) * 2
}
