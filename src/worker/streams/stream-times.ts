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

  /**
   * 0 where no thread has told a time. A plain read: it is never torn, and a time that is a moment old is as good. An
   * atomic one is a call of its own, for each record.
   */
  of (slot: number): number {
    return slot < 0 ? 0 : this.#words[this.#first + slot]! >>> 0
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
