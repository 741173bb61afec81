import type { CardinalityReport } from '../messages/tasks.ts'
import { parseLabels } from './labels.ts'
import type { Stream } from './stream.ts'

const CAPACITY = 100

/**
 * The last new streams, those over the limit included. Where a tenant has too many, they show which label makes them.
 */
export class NewestStreams {
  readonly #streams: Stream[] = []
  #next = 0

  add (stream: Stream): void {
    this.#streams[this.#next] = stream
    this.#next = (this.#next + 1) % CAPACITY
  }

  /** `streams`: how many streams the tenant has. */
  report (tenant: string, streams: number): CardinalityReport {
    const newest = this.#streams.filter(stream => stream.tenant === tenant)
    const values = new Map<string, Set<string>>()
    for (const { labels } of newest) {
      for (const [name, value] of parseLabels(Buffer.from(labels).toString())) values.set(name, (values.get(name) ?? new Set()).add(value))
    }
    const counts = [...values].map(([name, { size }]) => [name, size] as const)
    return { tenant, streams, newest: newest.length, values: counts.sort(([, a], [, b]) => b - a) }
  }
}
