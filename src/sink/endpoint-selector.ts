/** An endpoint that failed rests for this long, while another one is up. */
const REST_MS = 5_000

interface Endpoint {
  /** Until then, pushes go to other endpoints where one is up. */
  restsUntil: number
  /** The endpoint wants no push until then (Retry-After). */
  closedUntil: number
}

/**
 * Chooses the distributor (endpoint) for each push. The endpoints take turns, push by push. A stream keeps its order
 * because its shard has one push at a time, solo pushes apart, and not because of its endpoint. An endpoint that failed
 * rests for a while, and then has its turn again.
 */
export class EndpointSelector {
  readonly #endpoints: Endpoint[]
  readonly #restMs: number
  readonly #now: () => number
  #turn = 0

  constructor (count: number, restMs = REST_MS, now: () => number = () => performance.now()) {
    this.#endpoints = Array.from({ length: count }, () => ({ restsUntil: 0, closedUntil: 0 }))
    this.#restMs = restMs
    this.#now = now
  }

  /**
   * Picks the next endpoint in turn that is up. Where all are down, picks the one that has rested longest. So each is
   * tried in turn, and one that is back is soon found.
   */
  pick (): number {
    const now = this.#now()
    let best = this.#turn
    let least = Infinity
    for (let i = 0; i < this.#endpoints.length; i++) {
      const index = (this.#turn + i) % this.#endpoints.length
      const until = this.#upFrom(index)
      if (until < least) [best, least] = [index, until]
      if (until <= now) break
    }
    this.#turn = (best + 1) % this.#endpoints.length
    return best
  }

  /** For how many ms no endpoint wants a push (Retry-After); 0 where at least one may get a push. */
  closedForMs (): number {
    return Math.max(0, Math.min(...this.#endpoints.map(({ closedUntil }) => closedUntil)) - this.#now())
  }

  /** `retryAfterMs`: how long the endpoint wants no push. */
  failed (index: number, retryAfterMs = 0): void {
    const endpoint = this.#endpoints[index]
    if (endpoint === undefined) return
    endpoint.restsUntil = this.#now() + this.#restMs
    endpoint.closedUntil = Math.max(endpoint.closedUntil, this.#now() + retryAfterMs)
  }

  answered (index: number): void {
    const endpoint = this.#endpoints[index]
    if (endpoint !== undefined) endpoint.restsUntil = 0
  }

  #upFrom (index: number): number {
    const endpoint = this.#endpoints[index]
    return endpoint === undefined ? Infinity : Math.max(endpoint.restsUntil, endpoint.closedUntil)
  }
}
