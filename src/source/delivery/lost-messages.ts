/** For so long after deliveries have come again, in ms, a message counts as one that was lost. */
const AGE_MS = 10 * 60_000

interface Loss { until: number }

/**
 * The fingerprints of messages whose connection was lost, so that their sender sends them again. The sender may be away
 * for long. So the age of a loss counts from the first batch that comes after it.
 */
export class LostMessages {
  readonly #most: number
  readonly #now: () => number
  /** In the order in which they were lost. `times`: so many messages with this fingerprint were lost. */
  readonly #lost = new Map<number, { times: number, loss: Loss }>()
  #latest: Loss = { until: Infinity }

  /** Keeps at most `most`: the newest. `now`: a clock in ms that never goes back. */
  constructor (most: number, now: () => number) {
    this.#most = most
    this.#now = now
  }

  get empty (): boolean {
    return this.#lost.size === 0
  }

  add (fingerprints: readonly number[]): void {
    if (this.#latest.until < Infinity) this.#latest = { until: Infinity }
    for (const fingerprint of fingerprints) {
      const { times = 0 } = this.#lost.get(fingerprint) ?? {}
      this.#lost.delete(fingerprint)
      this.#lost.set(fingerprint, { times: times + 1, loss: this.#latest })
    }
    let excess = this.#lost.size - this.#most
    for (const oldest of this.#lost.keys()) {
      if (excess-- <= 0) return
      this.#lost.delete(oldest)
    }
  }

  /** The indexes of those that were lost, and now come again. Each lost message is recognised once. */
  recognise (fingerprints: readonly number[]): number[] {
    if (this.empty) return []
    const now = this.#now()
    this.#latest.until = Math.min(this.#latest.until, now + AGE_MS)
    if (now > this.#latest.until) this.#lost.clear()
    return fingerprints.flatMap((fingerprint, index) => this.#take(fingerprint, now) ? [index] : [])
  }

  #take (fingerprint: number, now: number): boolean {
    const known = this.#lost.get(fingerprint)
    if (known === undefined) return false
    if (--known.times === 0) this.#lost.delete(fingerprint)
    return now <= known.loss.until
  }
}
