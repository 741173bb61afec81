/**
 * Which distributor a shard pushes to: its own, so that shards spread over them; while that one does not answer, the next that does.
 * One that failed is left alone for a while, then tried again by whoever is its own.
 */
export class EndpointSelector {
  readonly #downUntil: number[]
  readonly #pauseMs: number
  readonly #now: () => number

  constructor (count: number, pauseMs = 5_000, now: () => number = () => performance.now()) {
    this.#downUntil = new Array<number>(count).fill(0)
    this.#pauseMs = pauseMs
    this.#now = now
  }

  /** When all are down, the one that was left alone for longest: so each of them is tried in turn, and one that is back is soon found. */
  pick (shard: number): number {
    const count = this.#downUntil.length
    let longest = shard % count
    let least = Infinity
    for (let i = 0; i < count; i++) {
      const endpoint = (shard + i) % count
      const until = this.#downUntil[endpoint] ?? 0
      if (until <= this.#now()) return endpoint
      if (until >= least) continue
      least = until
      longest = endpoint
    }
    return longest
  }

  failed (endpoint: number): void {
    this.#downUntil[endpoint] = this.#now() + this.#pauseMs
  }

  answered (endpoint: number): void {
    this.#downUntil[endpoint] = 0
  }
}
