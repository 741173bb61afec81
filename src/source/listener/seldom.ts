const PERIOD_MS = 60_000
/** More kinds than this are not told apart. */
const MOST_KINDS = 100

/**
 * Lets a kind of event through once a minute. What thousands of senders do wrong, they do wrong in the same way again
 * and again.
 */
export class Seldom {
  readonly #now: () => number
  readonly #kinds = new Map<string, { until: number, passed: number }>()

  /** `now`: a clock in ms that never goes back. */
  constructor (now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Calls `tell` where the kind may be told, with how many were not since it was told last. */
  tell (kind: string, tell: (untold: number) => void): void {
    const now = this.#now()
    const known = this.#kinds.get(kind)
    if (known !== undefined && now < known.until) {
      known.passed++
      return
    }
    if (known === undefined && this.#kinds.size >= MOST_KINDS) this.#kinds.clear()
    this.#kinds.set(kind, { until: now + PERIOD_MS, passed: 0 })
    tell(known?.passed ?? 0)
  }
}
