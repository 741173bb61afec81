import { labelText, labelValue, type Label } from '../store/label-set.ts'
import type { Limits } from '../push/limits.ts'
import type { Messages } from '../push/messages.ts'
import { lowerBound, runLogQuery } from './log-query.ts'
import { parseQuery, parseSelector } from './logql.ts'
import type { Matcher } from './logql-ast.ts'
import { runMetricQuery, type MetricResult, type SeriesLimit, type Steps } from './metric-query.ts'
import { selectStreams } from './pipeline.ts'
import { checkLength, parseBounds, parseLimit, parseRange, parseTime } from './query-params.ts'
import { matrixResponse, streamsResponse, vectorResponse, volumeResponse, type Cost } from './query-response.ts'
import { Refusal } from '../push/refusal.ts'
import type { StoredStream } from '../store/stored-stream.ts'
import type { Store } from '../store/store.ts'

export interface QueryRequest {
  tenant: string
  params: URLSearchParams
  /**
   * The client wants structured metadata apart from the labels (`X-Loki-Response-Encoding-Flags: categorize-labels`).
   */
  categorize: boolean
}

/**
 * The reading half of Loki's HTTP API. Each method returns the JSON body of the answer, or throws the Refusal to answer
 * with.
 */
export class QueryApi {
  readonly #store: Store
  readonly #limits: Limits
  readonly #seriesLimit: SeriesLimit
  readonly #now: () => number

  constructor (store: Store, limits: Limits, messages: Messages, now: () => number) {
    this.#store = store
    this.#limits = limits
    this.#seriesLimit = { most: limits.querySeries, message: messages.seriesLimit(limits.querySeries) }
    this.#now = now
  }

  queryRange ({ tenant, params, categorize }: QueryRequest): string {
    const range = parseRange(params, this.#now())
    const query = parseQuery(params.get('query') ?? '')
    const { queryEntries, queryLengthMs } = this.#limits
    checkLength(range.start, range.end, queryLengthMs)
    const begun = performance.now()
    if (query.kind === 'log') {
      if (range.limit > queryEntries) {
        throw new Refusal(400, 'max entries limit per query exceeded, ' +
          `limit > max_entries_limit_per_query (${range.limit} > ${queryEntries})`)
      }
      const scan = runLogQuery(this.#store, tenant, query, range, categorize)
      const lines = scan.streams.reduce((sum, { lines }) => sum + lines.length, 0)
      return streamsResponse(scan, cost(scan, scan.streams.length, lines, begun), categorize)
    }
    // Loki's frontend moves both ends outwards, to multiples of the step.
    const step = BigInt(range.step)
    const first = range.start - range.start % step
    const steps: Steps = { first, step: range.step, count: Number((range.end - first + step - 1n) / step) + 1 }
    const result = runMetricQuery(this.#store, tenant, query, steps, this.#seriesLimit)
    return matrixResponse(result, steps, cost(result, result.series.length, result.series.length, begun))
  }

  /** Evaluates a query at one instant. Only a metric query can be, as in Loki. */
  query ({ tenant, params }: QueryRequest): string {
    parseLimit(params)
    const timeText = params.get('time')
    const time = timeText ? parseTime(timeText, 'time') : BigInt(Math.round(this.#now() * 1000)) * 1000n
    const query = parseQuery(params.get('query') ?? '')
    if (query.kind === 'log') {
      throw new Refusal(400, 'log queries are not supported as an instant query type, ' +
        'please change your query to a range query type')
    }
    const begun = performance.now()
    const result: MetricResult = runMetricQuery(this.#store, tenant, query, { first: time, step: 1, count: 1 }, this.#seriesLimit)
    return vectorResponse(result, time, cost(result, result.series.length, result.series.length, begun))
  }

  labels (request: QueryRequest): string {
    return list(this.#streams(request, 'query').flatMap(({ labels }) => labels.map(({ name }) => name)))
  }

  labelValues (request: QueryRequest, name: string): string {
    return list(this.#streams(request, 'query').flatMap(({ labels }) => labelValue(labels, name) ?? []))
  }

  series (request: QueryRequest): string {
    const data = this.#streams(request, 'match[]', 'match')
      .map(({ labels }) => Object.fromEntries(labels.map(({ name, value }) => [name, value])))
    return JSON.stringify({ status: 'success', data }) + '\n'
  }

  indexStats (request: QueryRequest): string {
    let entries = 0
    let bytes = 0
    const streams = this.#measure(request)
    for (const stream of streams) {
      entries += stream.entries
      bytes += stream.bytes
    }
    return JSON.stringify({ streams: streams.length, chunks: streams.length, bytes, entries }) + '\n'
  }

  /** The bytes by the labels that the selector (or `targetLabels`) names, with the largest first. */
  indexVolume (request: QueryRequest): string {
    const { params } = request
    const targets = params.get('targetLabels')?.split(',') ?? parseSelector(params.get('query') ?? '').map(({ name }) => name)
    const byLabel = params.get('aggregateBy') === 'labels'
    const volumes = new Map<string, { labels: Label[], bytes: number }>()
    for (const { stream, bytes } of this.#measure(request)) {
      const kept = stream.labels.filter(({ name }) => targets.length === 0 || targets.includes(name))
      for (const labels of byLabel ? kept.map(({ name }) => [{ name, value: '' }]) : [kept]) {
        const key = labelText(labels)
        const volume = volumes.get(key)
        if (volume === undefined) volumes.set(key, { labels, bytes })
        else volume.bytes += bytes
      }
    }
    const sorted = [...volumes.values()].sort((a, b) => b.bytes - a.bytes).slice(0, parseLimit(params))
    return volumeResponse(sorted, parseBounds(params, this.#now()).end)
  }

  detectedLabels (request: QueryRequest): string {
    const values = new Map<string, Set<string>>()
    for (const { labels } of this.#streams(request, 'query')) {
      for (const { name, value } of labels) values.set(name, (values.get(name) ?? new Set()).add(value))
    }
    return JSON.stringify({ detectedLabels: [...values].map(([label, { size: cardinality }]) => ({ label, cardinality })) }) + '\n'
  }

  /**
   * The streams that any of the selectors selects. Where the request gives times, only those with entries between them.
   */
  #streams ({ tenant, params }: QueryRequest, ...names: string[]): StoredStream[] {
    const selectors = names.flatMap((name) => params.getAll(name)).filter((text) => text !== '').map(parseSelector)
    const chosen = new Set<StoredStream>()
    for (const matchers of selectors.length === 0 ? [[]] as Matcher[][] : selectors) {
      for (const stream of selectStreams(this.#store, tenant, matchers)) chosen.add(stream)
    }
    if (!params.get('start') && !params.get('end') && !params.get('since')) return [...chosen]
    const { start, end } = parseBounds(params, this.#now())
    const { table } = this.#store
    return [...chosen].filter((stream) => {
      const rows = stream.sorted(table)
      return lowerBound(rows, table, start) < lowerBound(rows, table, end + 1n)
    })
  }

  #measure ({ tenant, params }: QueryRequest): Array<{ stream: StoredStream, entries: number, bytes: number }> {
    const { start, end } = parseBounds(params, this.#now())
    const { table } = this.#store
    return selectStreams(this.#store, tenant, parseSelector(params.get('query') ?? '')).flatMap((stream) => {
      const rows = stream.sorted(table)
      const from = lowerBound(rows, table, start)
      const to = lowerBound(rows, table, end)
      let bytes = 0
      for (let place = from; place < to; place++) bytes += table.entryBytes(rows[place]!)
      return to > from ? [{ stream, entries: to - from, bytes }] : []
    })
  }
}

function cost (read: { linesRead: number, bytesRead: number }, streams: number, returned: number, begun: number): Cost {
  return { linesRead: read.linesRead, bytesRead: read.bytesRead, streams, returned, time: (performance.now() - begun) / 1000 }
}

/** Loki omits `data` where the list is empty. */
function list (values: string[]): string {
  const data = [...new Set(values)].sort()
  return JSON.stringify({ status: 'success', ...(data.length > 0 ? { data } : {}) }) + '\n'
}
