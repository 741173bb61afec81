import { entryMetadata } from '../push/metadata.ts'
import { lowerBound } from '../query/log-query.ts'
import type { Matcher } from '../query/logql-ast.ts'
import { rowLine, selectStreams } from '../query/pipeline.ts'
import { emptyRow } from '../store/entry-table.ts'
import { labelValue } from '../store/label-set.ts'
import type { Store } from '../store/store.ts'
import type { StoredStream } from '../store/stored-stream.ts'
import { tokenReader } from './pattern-tokens.ts'
import { bucketMs, PatternTree } from './pattern-tree.ts'

export interface Pattern {
  pattern: string
  level: string
  /** Seconds since 1970, and how many lines. */
  samples: Array<[seconds: number, lines: number]>
}

/** Times in ns since 1970, from `start`, inclusive, to `end`, exclusive; the step in ms. */
export interface PatternRange { start: bigint, end: bigint, stepMs: number }

const fewestLines = 30
const mostPatterns = 300
/** Loki learns patterns as lines come. Here they are found when somebody asks, in the newest lines of each stream. */
const mostLines = 100_000

/** The patterns of the lines of all streams that are selected, by level, those of most lines first. */
export function findPatterns (store: Store, tenant: string, matchers: readonly Matcher[], { start, end, stepMs }: PatternRange): Pattern[] {
  const found = new Map<string, { pattern: string, level: string, counts: Map<number, number>, lines: number }>()
  for (const stream of selectStreams(store, tenant, matchers)) {
    for (const [level, { clusters }] of treesOf(store, stream, start, end)) {
      for (const { tokens, write, counts } of clusters) {
        const pattern = write(tokens)
        const key = `${level}\0${pattern}`
        let sum = found.get(key)
        if (sum === undefined) found.set(key, sum = { pattern, level, counts: new Map(), lines: 0 })
        for (const [bucket, lines] of counts) {
          sum.counts.set(bucket, (sum.counts.get(bucket) ?? 0) + lines)
          sum.lines += lines
        }
      }
    }
  }
  return [...found.values()].filter(({ lines }) => lines >= fewestLines).sort((a, b) => b.lines - a.lines).slice(0, mostPatterns)
    .map(({ pattern, level, counts }) => ({ pattern, level, samples: samplesOf(counts, Math.max(stepMs, bucketMs)) }))
}

function treesOf (store: Store, stream: StoredStream, start: bigint, end: bigint): Map<string, PatternTree> {
  const { table } = store
  const trees = new Map<string, PatternTree>()
  const rows = stream.sorted(table)
  const high = lowerBound(rows, table, end)
  const low = Math.max(lowerBound(rows, table, start), high - mostLines)
  const row = emptyRow()
  if (low >= high) return trees
  const read = tokenReader(rowLine(table.read(rows[low]!, row)))
  for (let place = low; place < high; place++) {
    const line = rowLine(table.read(rows[place]!, row))
    const tokens = read(line)
    if (tokens === undefined) continue
    const level = labelValue(entryMetadata(row, stream.labels, () => line), 'detected_level')?.toLowerCase() ?? 'unknown'
    let tree = trees.get(level)
    if (tree === undefined) trees.set(level, tree = new PatternTree())
    tree.add(tokens, row.seconds * 1000 + Math.floor(row.nanos / 1e6))
  }
  return trees
}

/** By step, with 0 between the first and the last; by 10 s alone, Loki leaves those out. */
function samplesOf (counts: Map<number, number>, stepMs: number): Pattern['samples'] {
  const sums = new Map<number, number>()
  for (const [bucket, lines] of counts) {
    const step = bucket - bucket % stepMs
    sums.set(step, (sums.get(step) ?? 0) + lines)
  }
  const times = [...sums.keys()].sort((a, b) => a - b)
  if (stepMs !== bucketMs) for (let time = times[0]! + stepMs; time < times.at(-1)!; time += stepMs) if (!sums.has(time)) sums.set(time, 0)
  return [...sums].sort(([a], [b]) => a - b).map(([ms, lines]) => [ms / 1000, lines])
}
