import type { HostCount } from '../../worker/messages/tasks.ts'

/** `host`: the labels of which a host is told, as a selector has them. */
export interface LoudHost { host: string, recordsPerSecond: number }

const SPAN_MS = 10_000
const SPANS = 6
const MOST = 10
/** A rate over less time would say nothing. */
const LEAST_MS = 5_000

/**
 * The hosts from which the most records came within the last minute. Each worker tells its loudest ones now and then,
 * so little is kept, however many hosts there are. A host that is loud in no worker's eyes is not among them.
 */
export class LoudestHosts {
  readonly #now: () => number
  /** Records by host within spans of ten seconds, the newest last. */
  #spans: Array<{ number: number, records: Map<string, number> }> = []
  #sinceMs: number | undefined

  /** `now`: a clock in ms that never goes back. */
  constructor (now: () => number = () => performance.now()) {
    this.#now = now
  }

  add (counts: readonly HostCount[]): void {
    const now = this.#now()
    this.#sinceMs ??= now
    this.#forget(now)
    const number = Math.floor(now / SPAN_MS)
    let span = this.#spans.at(-1)
    if (span?.number !== number) this.#spans.push(span = { number, records: new Map() })
    for (const { host, records } of counts) span.records.set(host, (span.records.get(host) ?? 0) + records)
  }

  /** The loudest first. */
  get loudest (): LoudHost[] {
    const now = this.#now()
    this.#forget(now)
    const records = new Map<string, number>()
    for (const span of this.#spans) for (const [host, count] of span.records) records.set(host, (records.get(host) ?? 0) + count)
    const since = Math.max(this.#sinceMs ?? now, (Math.floor(now / SPAN_MS) - SPANS + 1) * SPAN_MS)
    const seconds = Math.max(LEAST_MS, now - since) / 1000
    return [...records].sort(([, a], [, b]) => b - a).slice(0, MOST).map(([host, count]) => ({ host, recordsPerSecond: count / seconds }))
  }

  #forget (now: number): void {
    const oldest = Math.floor(now / SPAN_MS) - SPANS + 1
    this.#spans = this.#spans.filter(({ number }) => number >= oldest)
  }
}
