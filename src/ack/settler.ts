import type { Connection, Range, Span } from '../source/source.ts'

/**
 * Deliveries of one address that are resolved: each of their records is in Loki or in a dead-letter file. So they can
 * be settled.
 */
export interface Resolved {
  readonly address: string
  readonly spans: readonly Span[]
}

interface Options<T extends Resolved> {
  /** Settles the deliveries of the ranges, which ascend in serial order and do not touch each other. */
  settle: (address: string, connection: Connection, ranges: Range[]) => void
  /** Gets all that was added, also deliveries that cannot be settled because their connection is gone. */
  onSettled: (resolved: T[]) => void
}

/**
 * Gathers the batches that are resolved within one turn of the event loop, and settles them in one go, sorted by
 * delivery id. Neighbouring batches become one range, and so one disposition frame. Sorting is worth it, because shards
 * differ in speed and batches end in any order. A delivery whose connection is gone is settled to nobody.
 */
export class Settler<T extends Resolved> {
  readonly #options: Options<T>
  #resolved: T[] = []
  #scheduled: NodeJS.Immediate | undefined

  constructor (options: Options<T>) {
    this.#options = options
  }

  add (resolved: T): void {
    this.#resolved.push(resolved)
    this.#scheduled ??= setImmediate(() => this.flush())
  }

  flush (): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    this.#scheduled = undefined
    const resolved = this.#resolved
    if (resolved.length === 0) return
    this.#resolved = []
    for (const [connection, { address, ranges }] of byConnection(resolved)) this.#options.settle(address, connection, merge(ranges))
    this.#options.onSettled(resolved)
  }
}

function byConnection (resolved: readonly Resolved[]): Map<Connection, { address: string, ranges: Range[] }> {
  const connections = new Map<Connection, { address: string, ranges: Range[] }>()
  for (const { address, spans } of resolved) {
    for (const { connection, first, last } of spans) {
      if (connection.gone) continue
      const known = connections.get(connection)
      if (known === undefined) connections.set(connection, { address, ranges: [[first, last]] })
      else known.ranges.push([first, last])
    }
  }
  return connections
}

function merge (ranges: Range[]): Range[] {
  ranges.sort(([a], [b]) => serialOrder(a, b))
  const merged: Range[] = []
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
