import { labelValue } from '../store/label-set.ts'
import type { Limits } from '../push/limits.ts'
import type { Messages } from '../push/messages.ts'
import { runLogQuery } from './log-query.ts'
import { parseQuery } from './logql.ts'
import { runMetricQuery, type MetricResult, type SeriesLimit, type Steps } from './metric-query.ts'
import { checkEntries, checkLength, parseLimit, parseRange, parseTime } from './query-params.ts'
import { matrixResponse, streamsResponse, vectorResponse, type Cost } from './query-response.ts'
import { chosenStreams } from './stream-choice.ts'
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
      checkEntries(range.limit, queryEntries)
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

  #streams ({ tenant, params }: QueryRequest, ...names: string[]): StoredStream[] {
    return chosenStreams(this.#store, tenant, params, names, this.#now())
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
