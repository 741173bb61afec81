import type { EncodeTask } from '../messages.ts'

/** The messages of a batch, to find one that has come before. Nothing is hashed until somebody asks. */
export class BatchMessages {
  #bytes: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #starts: Uint32Array = new Uint32Array()
  #ends: Uint32Array = new Uint32Array()
  /** How many messages are in `#byHash`, which has the first message with each hash. */
  #hashed = 0
  readonly #byHash = new Map<number, number>()

  begin ({ bytes, starts, ends }: Pick<EncodeTask, 'bytes' | 'starts' | 'ends'>): void {
    this.#bytes = Buffer.from(bytes)
    this.#view = new DataView(bytes)
    this.#starts = starts
    this.#ends = ends
    this.#hashed = 0
    this.#byHash.clear()
  }

  /**
   * The first message of the batch with the same bytes as `message`, where it is an earlier one; else -1. Each message
   * may be asked for once, and none before an earlier one.
   */
  earlier (message: number): number {
    let first = message
    for (; this.#hashed <= message; this.#hashed++) first = this.#index(this.#hashed)
    return first < message && this.#bytesOf(first).equals(this.#bytesOf(message)) ? first : -1
  }

  #index (message: number): number {
    const hash = this.#hash(this.#starts[message]!, this.#ends[message]!)
    const first = this.#byHash.get(hash)
    if (first === undefined) this.#byHash.set(hash, message)
    return first ?? message
  }

  /** Hashes words, not bytes, and leaves out the last few: it has to be quick, and to differ for most messages. */
  #hash (start: number, end: number): number {
    let hash = end - start
    for (let at = start; at + 4 <= end; at += 4) {
      hash = Math.imul(hash ^ this.#view.getInt32(at, true), 0xcc9e2d51)
      hash = (hash << 15) | (hash >>> 17)
    }
    return hash
  }

  #bytesOf (message: number): Buffer {
    return this.#bytes.subarray(this.#starts[message], this.#ends[message])
  }
}
