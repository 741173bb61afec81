/** Allows `rate` tokens a second on average, and at most `burst` at once. */
export class TokenBucket {
  readonly #rate: number
  readonly #burst: number
  readonly #now: () => number
  #tokens: number
  #at: number

  /** `now` is in milliseconds. The bucket begins full. */
  constructor (rate: number, burst: number, now: () => number) {
    if (!(rate > 0 && burst >= 1)) throw new RangeError(`a rate above 0 and a burst of at least 1 are required, not ${rate} and ${burst}`)
    this.#rate = rate
    this.#burst = burst
    this.#now = now
    this.#tokens = burst
    this.#at = now()
  }

  /**
   * Takes `count` tokens and returns 0. Where there are too few, takes none and returns the milliseconds until there
   * are enough.
   */
  take (count: number): number {
    const now = this.#now()
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) / 1000 * this.#rate)
    this.#at = now
    const missing = Math.min(count, this.#burst) - this.#tokens
    if (missing > 0) return Math.max(1, Math.ceil(missing / this.#rate * 1000))
    this.#tokens -= count
    return 0
  }
}
