import type { EncodeTask } from '../messages/tasks.ts'

/** So many words of a message are hashed at most, from all over it. Small ones may differ in one word only. */
const HASHED_WORDS = 256
/** A message is compared with so many others at most. More are alike only where somebody has made them so. */
const MOST_COMPARED = 16

/** The messages of a batch, to find one that has come before. Nothing is done until somebody asks. */
export class BatchMessages {
  #bytes: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #starts: Uint32Array = new Uint32Array()
  #ends: Uint32Array = new Uint32Array()
  /** How many messages are in the table. */
  #indexed = 0
  /** Each message once, as its number and one more, in the first slot from its hash on that was free. */
  #slots = new Int32Array()
  #hashes = new Int32Array()

  begin ({ bytes, starts, ends }: Pick<EncodeTask, 'bytes' | 'starts' | 'ends'>): void {
    this.#bytes = Buffer.from(bytes)
    this.#view = new DataView(bytes)
    this.#starts = starts
    this.#ends = ends
    this.#indexed = 0
  }

  /**
   * The first message of the batch with the same bytes as `message`, where it is an earlier one; else -1. Each message
   * may be asked for once, and none before an earlier one.
   */
  earlier (message: number): number {
    if (this.#indexed === 0) this.#clear()
    let first = -1
    for (; this.#indexed <= message; this.#indexed++) first = this.#index(this.#indexed)
    return first
  }

  #clear (): void {
    let size = 64
    while (size < 2 * this.#starts.length) size *= 2
    if (this.#slots.length >= size) this.#slots.fill(0)
    else {
      this.#slots = new Int32Array(size)
      this.#hashes = new Int32Array(size)
    }
  }

  /** Puts the message into the table, unless an equal one is there: then returns that one. */
  #index (message: number): number {
    const [start, end] = [this.#starts[message]!, this.#ends[message]!]
    const hash = this.#hash(start, end)
    const slots = this.#slots
    let slot = hash & (slots.length - 1)
    for (let compared = 0; slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
      if (this.#hashes[slot] !== hash) continue
      const other = slots[slot]! - 1
      if (this.#bytes.compare(this.#bytes, this.#starts[other], this.#ends[other], start, end) === 0) return other
      if (++compared === MOST_COMPARED) return -1
    }
    slots[slot] = message + 1
    this.#hashes[slot] = hash
    return -1
  }

  /** Two halves at a time, as neither has to wait for the other. */
  #hash (start: number, end: number): number {
    const view = this.#view
    const step = 8 * Math.ceil((end - start) / (4 * HASHED_WORDS))
    let even = end - start
    let odd = 0
    for (let at = start; at + 8 <= end; at += step) {
      even = Math.imul(even ^ view.getInt32(at, true), 0xcc9e2d51)
      odd = Math.imul(odd ^ view.getInt32(at + 4, true), 0x1b873593)
    }
    const hash = Math.imul(even ^ (odd << 15 | odd >>> 17), 0x85ebca6b)
    return hash ^ hash >>> 16
  }
}
