/**
 * Chooses the distributor (endpoint) for each push. A shard pushes to its own endpoint, so that shards spread over all
 * of them. While its own endpoint is down, a shard pushes to the next one that is up. An endpoint that failed rests for
 * a while; then its own shards try it again.
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

  /**
   * Where all endpoints are down, picks the one that has rested longest. So each is tried in turn, and one that is back
   * is soon found.
   */
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
