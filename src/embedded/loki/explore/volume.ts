import { lowerBound } from '../query/log-query.ts'
import type { Matcher } from '../query/logql-ast.ts'
import { selectStreams } from '../query/pipeline.ts'
import { labelText, type Label } from '../store/label-set.ts'
import type { Store } from '../store/store.ts'
import type { StoredStream } from '../store/stored-stream.ts'

/** What a stream holds between two times. */
export interface Measure { stream: StoredStream, entries: number, bytes: number }

/**
 * The streams that have entries from `start`, inclusive, to `end`, exclusive, in ns. Bytes are those of the
 * entries as they were sent. Loki's own are an estimate: of a chunk that reaches beyond, the part by its time.
 */
export function measure (store: Store, tenant: string, matchers: readonly Matcher[], start: bigint, end: bigint): Measure[] {
  const { table } = store
  return selectStreams(store, tenant, matchers).flatMap((stream) => {
    const rows = stream.sorted(table)
    const from = lowerBound(rows, table, start)
    const to = lowerBound(rows, table, end)
    let bytes = 0
    for (let place = from; place < to; place++) bytes += table.entryBytes(rows[place]!)
    return to > from ? [{ stream, entries: to - from, bytes }] : []
  })
}

export interface VolumeQuery {
  matchers: readonly Matcher[]
  /** The labels to sum by; where there are none, those of the matchers. */
  targets: readonly string[]
  byLabel: boolean
  limit: number
  start: bigint
  end: bigint
  /** In ns; 0 for one sum of all. */
  step: bigint
}

/** A series of sums of bytes, each with the time in ns at which its interval ends. */
export interface Volume { labels: readonly Label[], sums: Array<{ time: bigint, bytes: number }> }

/** The bytes by labels and interval, those that begin with the largest sum first. */
export function volumes (store: Store, tenant: string, query: VolumeQuery): Volume[] {
  const all = new Map<string, Volume>()
  for (const { start, end } of intervals(query)) {
    for (const { key, labels, bytes } of sums(measure(store, tenant, query.matchers, start, end), query)) {
      let volume = all.get(key)
      if (volume === undefined) all.set(key, volume = { labels, sums: [] })
      volume.sums.push({ time: end, bytes })
    }
  }
  return [...all].sort(([a, { sums: [first] }], [b, { sums: [second] }]) => second!.bytes - first!.bytes || (a < b ? -1 : 1))
    .map(([, volume]) => volume)
}

/** Steps begin at multiples of themselves, and end 1 ms before the next. */
function intervals ({ start, end, step }: VolumeQuery): Array<{ start: bigint, end: bigint }> {
  if (step <= 0n) return [{ start, end }]
  const found: Array<{ start: bigint, end: bigint }> = []
  for (let at = start - start % step; at < end; at += step) {
    found.push({ start: at < start ? start : at, end: at + step < end ? at + step - 1_000_000n : end })
  }
  return found
}

interface Sum { key: string, labels: Label[], bytes: number }

function sums (measures: readonly Measure[], { matchers, targets, byLabel, limit }: VolumeQuery): Sum[] {
  const names = targets.length > 0 ? targets : byLabel ? [] : matchers.map(({ name }) => name)
  const found = new Map<string, { labels: Label[], bytes: number }>()
  for (const { stream, bytes } of measures) {
    const kept = stream.labels.filter(({ name }) => names.length === 0 || names.includes(name))
    for (const labels of byLabel ? kept.map(({ name }) => [{ name, value: '' }]) : [kept]) {
      const key = labelText(labels)
      const sum = found.get(key)
      if (sum === undefined) found.set(key, { labels, bytes })
      else sum.bytes += bytes
    }
  }
  return [...found].map(([key, sum]) => ({ key, ...sum })).sort((a, b) => b.bytes - a.bytes || (a.key < b.key ? -1 : 1)).slice(0, limit)
}
