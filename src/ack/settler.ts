/** What can be settled: one receiving link of one connection. Once the connection is gone, settling does nothing. */
export interface Settleable {
  /** Its connection or session is gone: whatever it delivered will come again, and nothing can be settled any more. */
  readonly stale: boolean
  /** Settles the deliveries with the ids of these ranges `accepted`. `[first, last]`, ascending, not touching each other. */
  settle (ranges: Array<[first: number, last: number]>): void
}

/** What is stored and waits to be settled: the deliveries `first` to `last` of `link`. Ids wrap at 2^32 (RFC 1982 serial numbers). */
export interface Stored {
  link: Settleable
  first: number
  last: number
}

/**
 * Gathers what is stored within one turn of the event loop and settles it in one go, sorted by delivery id: neighbouring batches
 * become one range and so one disposition frame. Batches end in any order (shards differ in speed), which is what makes sorting
 * worth it. What comes over a link that is stale meanwhile is dropped: it will be delivered again, and stored once all the same.
 */
export class Settler<T extends Stored> {
  readonly #onSettled: (settled: T[]) => void
  #stored: T[] = []
  #scheduled: NodeJS.Immediate | undefined

  /** `onSettled` gets back all that was added, the stale included. */
  constructor (onSettled: (settled: T[]) => void) {
    this.#onSettled = onSettled
  }

  add (stored: T): void {
    this.#stored.push(stored)
    this.#scheduled ??= setImmediate(() => this.flush())
  }

  flush (): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    this.#scheduled = undefined
    const stored = this.#stored
    if (stored.length === 0) return
    this.#stored = []
    const links = new Map<Settleable, Array<[number, number]>>()
    for (const { link, first, last } of stored) {
      if (link.stale) continue
      const ranges = links.get(link)
      if (ranges === undefined) links.set(link, [[first, last]])
      else ranges.push([first, last])
    }
    for (const [link, ranges] of links) link.settle(merge(ranges))
    this.#onSettled(stored)
  }
}

function merge (ranges: Array<[number, number]>): Array<[number, number]> {
  ranges.sort(([a], [b]) => serialOrder(a, b))
  const merged: Array<[number, number]> = []
  for (const range of ranges) {
    const before = merged.at(-1)
    if (before !== undefined && ((before[1] + 1) >>> 0) === range[0]) before[1] = range[1]
    else merged.push(range)
  }
  return merged
}

/** Order of two serial numbers that lie less than 2^31 apart. */
function serialOrder (a: number, b: number): number {
  return (a - b) | 0
}
