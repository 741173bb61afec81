/**
 * Shared buffers for batches, used again and again. Two thirds of a buffer are for messages, and the third behind them
 * is for the parts that a worker makes of them. A buffer of more than the usual size, for a message that is larger than
 * a batch, is not kept.
 */
export class Buffers {
  /** The usual room for messages, in bytes. */
  readonly #size: number
  readonly #keep: number
  readonly #free: SharedArrayBuffer[] = []
  #inUse = 0

  /** `size` is the room of a buffer for messages, in bytes. At most `keep` free buffers are kept. */
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

  /** Frees the buffers that are kept for later. */
  freeUnused (): void {
    this.#free.length = 0
  }

  /**
   * Copies the first `bytes` of a buffer to new memory, which is released in the buffer's place: a thread may still
   * write to the old memory.
   */
  replace (buffer: SharedArrayBuffer, bytes: number): SharedArrayBuffer {
    const copy = new SharedArrayBuffer(bytes)
    new Uint8Array(copy).set(new Uint8Array(buffer, 0, bytes))
    return copy
  }

  /**
   * More buffers are in use than can be kept, so each should be released soon. A batch may be as small as one message:
   * many buffers that each hold little for as long as Loki stalls would take many times the budget.
   */
  get exhausted (): boolean {
    return this.#inUse > this.#keep
  }

  /** The room for messages in a buffer, in bytes. */
  static room (buffer: SharedArrayBuffer): number {
    return Math.floor(buffer.byteLength / 3) * 2
  }
}

/** The size is a multiple of 3, so that two thirds of it are `bytes`, or one byte more. */
function allocate (bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(even(bytes) / 2 * 3)
}

function even (bytes: number): number {
  return Math.ceil(bytes / 2) * 2
}
