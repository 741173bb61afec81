/**
 * A time for each stream, by its slot in ActiveStreams, in seconds since the epoch. All threads share the times, as
 * none knows by itself what others have brought. A stream without a slot (-1) has no time.
 */
export class StreamTimes {
  readonly #words: Int32Array
  readonly #first: number

  /** The times lie in `words`, from `first` on. */
  constructor (words: Int32Array, first: number) {
    this.#words = words
    this.#first = first
  }

  /** 0 where no thread has told a time. */
  of (slot: number): number {
    return slot < 0 ? 0 : Atomics.load(this.#words, this.#first + slot) >>> 0
  }

  /** An earlier time than the present one changes nothing. */
  raise (slot: number, seconds: number): void {
    if (slot < 0) return
    const at = this.#first + slot
    for (let before = Atomics.load(this.#words, at); before >>> 0 < seconds;) {
      const found = Atomics.compareExchange(this.#words, at, before, seconds)
      if (found === before) return
      before = found
    }
  }

  /** The slot gets another stream. */
  reset (slot: number): void {
    Atomics.store(this.#words, this.#first + slot, 0)
  }
}
