import { emptyRow } from '../store/entry-table.ts'
import { labelText, labelValue, type Label } from '../store/label-set.ts'
import type { Grouping, MetricQuery, RangeAggregation, VectorAggregation, VectorOperation } from './logql-ast.ts'
import { runStages, selectStreams } from './pipeline.ts'
import { mergedLabels, type Piped } from './piped.ts'
import { lowerBound } from './log-query.ts'
import { Refusal } from '../push/refusal.ts'
import type { Store } from '../store/store.ts'
import { best, binary, combine, emptySeries, groupLabels, type Series } from './vector-math.ts'

/**
 * The instants at which a metric query is evaluated: `count` of them, from `first` (ns since 1970) on, `step` ns apart.
 */
export interface Steps {
  first: bigint
  step: number
  count: number
}

export interface MetricResult {
  series: Series[]
  /** Set where the query's result is a number, not a vector. */
  scalar: number | undefined
  linesRead: number
  bytesRead: number
}

/** A series that is not complete. Its values and numbers of entries are differences from step to step. */
interface Sum {
  series: Series
  entries: Float64Array
}

const billion = 1_000_000_000n
const shardable = new Set<VectorOperation>(['sum', 'count', 'min', 'max', 'avg'])

/** How many series a query may yield, and what Loki says beyond that. */
export interface SeriesLimit {
  most: number
  message: string
}

/**
 * Evaluates a metric query at all steps. Throws a Refusal where it, or a part that Loki works out by itself, yields too
 * many series.
 */
export function runMetricQuery (store: Store, tenant: string, query: MetricQuery, steps: Steps, limit: SeriesLimit): MetricResult {
  const evaluation = new Evaluation(store, tenant, steps, limit)
  const value = evaluation.evaluate(query)
  const series = typeof value === 'number' ? [] : evaluation.limited(value)
  const order = new Map(series.map((one) => [one, labelText(one.labels).slice(0, -1)]))
  series.sort((a, b) => order.get(a)! < order.get(b)! ? -1 : 1)
  return { series, scalar: typeof value === 'number' ? value : undefined, linesRead: evaluation.linesRead, bytesRead: evaluation.bytesRead }
}

class Evaluation {
  linesRead = 0
  bytesRead = 0
  readonly #store: Store
  readonly #tenant: string
  readonly #steps: Steps
  readonly #limit: SeriesLimit

  constructor (store: Store, tenant: string, steps: Steps, limit: SeriesLimit) {
    this.#store = store
    this.#tenant = tenant
    this.#steps = steps
    this.#limit = limit
  }

  evaluate (query: MetricQuery): Series[] | number {
    switch (query.kind) {
      case 'number': return query.value
      case 'constant': return [this.#constant(query.value)]
      case 'range': return this.limited(this.#range(query))
      case 'vector': return this.#vector(query)
      case 'binary': return binary(query, this.evaluate(query.left), this.evaluate(query.right))
    }
  }

  /** Those series that have a value at any step, unless they are too many. */
  limited (series: Series[]): Series[] {
    const present = series.filter(({ present }) => present.includes(1))
    if (present.length > this.#limit.most) throw new Refusal(400, this.#limit.message)
    return present
  }

  #constant (value: number): Series {
    const series = emptySeries([], this.#steps.count)
    series.values.fill(value)
    series.present.fill(1)
    return series
  }

  /**
   * Counts lines or bytes in the window (t - range, t] of each step t. An entry counts in a run of neighbouring steps.
   * It is added where the run begins, and subtracted behind the run's end. In the end, one sum over the steps gives all
   * windows.
   */
  #range (query: RangeAggregation, grouping?: Grouping | 'all'): Series[] {
    const { first, step, count } = this.#steps
    const { table } = this.#store
    const inBytes = query.operation.startsWith('bytes')
    const origin = { seconds: Number(first / billion), nanos: Number(first % billion) }
    const sums = new Map<string, Sum>()
    const row = emptyRow()
    const from = first - BigInt(query.range) - BigInt(query.offset) + 1n
    const to = first + BigInt(step) * BigInt(count - 1) - BigInt(query.offset) + 1n
    const wantLabels = grouping !== 'all'
    for (const stream of selectStreams(this.#store, this.#tenant, query.query.matchers)) {
      const rows = stream.sorted(table)
      const high = lowerBound(rows, table, to)
      // To compute the labels of a sum costs more than to count. So it is done once for each set of metadata of this
      // stream that the result depends on.
      const known = new Map<string, Sum>()
      for (let place = lowerBound(rows, table, from); place < high; place++) {
        table.read(rows[place]!, row)
        const bytes = row.lineEnd - row.lineStart
        this.linesRead++
        this.bytesRead += bytes
        const piped = runStages(query.query.stages, row, stream, wantLabels)
        if (piped === undefined) continue
        if (wantLabels) refuseError(piped)
        const after = (row.seconds - origin.seconds) * 1e9 + (row.nanos - origin.nanos) + query.offset
        const begin = Math.max(0, Math.ceil(after / step))
        const end = Math.min(count, Math.ceil((after + query.range) / step))
        if (begin >= end) continue
        const metadata = metadataKey(piped, grouping)
        let sum = known.get(metadata)
        if (sum === undefined) {
          sum = this.#sum(sums, grouping === 'all' ? [] : groupLabels(mergedLabels(piped), grouping))
          known.set(metadata, sum)
        }
        sum.entries[begin]!++
        sum.entries[end]!--
        const amount = inBytes ? bytes : 1
        sum.series.values[begin]! += amount
        if (end < count) sum.series.values[end]! -= amount
      }
    }
    const divisor = query.operation.endsWith('rate') ? query.range / 1e9 : 1
    return [...sums.values()].map(({ series, entries }) => {
      let amount = 0
      let inWindow = 0
      for (let i = 0; i < count; i++) {
        amount += series.values[i]!
        inWindow += entries[i]!
        series.values[i] = amount / divisor
        series.present[i] = inWindow > 0 ? 1 : 0
      }
      return series
    })
  }

  #sum (sums: Map<string, Sum>, labels: readonly Label[]): Sum {
    const key = labelText(labels)
    let sum = sums.get(key)
    if (sum === undefined) {
      const { count } = this.#steps
      sum = { series: emptySeries(labels, count), entries: new Float64Array(count + 1) }
      sums.set(key, sum)
    }
    return sum
  }

  #vector (query: VectorAggregation): Series[] {
    const { operation, grouping, inner } = query
    // A sum over a range aggregation is counted under the sum's own labels at once: one series per request id never
    // arises.
    if (operation === 'sum' && inner.kind === 'range') return this.limited(this.#range(inner, grouping ?? 'all'))
    // Loki's shards aggregate these two levels at once, the others it works out of all the series of the inner one.
    const atOnce = inner.kind === 'range' && shardable.has(operation)
    const series = atOnce ? this.#range(inner) : this.evaluate(inner)
    if (typeof series === 'number') throw new Refusal(400, `parse error : ${operation} needs a vector`)
    const groups = new Map<string, { labels: Label[], members: Series[] }>()
    for (const member of series) {
      const labels = grouping === undefined ? [] : groupLabels(member.labels, grouping)
      const key = labelText(labels)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { labels, members: [member] })
      else group.members.push(member)
    }
    const results = [...groups.values()].flatMap(({ labels, members }) => {
      if (operation === 'topk' || operation === 'bottomk') return best(members, query.parameter, operation === 'topk' ? 1 : -1)
      return [combine(operation, labels, members)]
    })
    return atOnce ? this.limited(results) : results
  }
}

/**
 * The key that tells a stream's entries apart in a result. It has the stream's labels too, because stages may remove
 * some.
 */
function metadataKey ({ stream, metadata, parsed }: Piped, grouping: Grouping | 'all' | undefined): string {
  if (grouping === 'all') return ''
  let key = String(stream.length)
  for (const { name, value } of [...metadata, ...parsed]) {
    if (grouping === undefined || grouping.labels.includes(name) !== grouping.without) key += `\0${name}\0${value}`
  }
  return key
}

/** A metric must not count what could not be read. */
function refuseError (piped: Piped): void {
  const error = labelValue(piped.parsed, '__error__')
  if (error === undefined) return
  throw new Refusal(400, `pipeline error: '${error}' for series: '${labelText(mergedLabels(piped))}'.
Use a label filter to intentionally skip this error. (e.g | __error__!="${error}").
To skip all potential errors you can match empty errors.(e.g __error__="")
The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )
`)
}
