import type { Limits } from '../push/limits.ts'
import { Refusal } from '../push/refusal.ts'
import { runLogQuery, type LogStream } from '../query/log-query.ts'
import { parseQuery, parseSelector } from '../query/logql.ts'
import type { Matcher } from '../query/logql-ast.ts'
import type { QueryRequest } from '../query/query-api.ts'
import { checkEntries, checkLength, parseBounds, parseLimit, parseStep } from '../query/query-params.ts'
import { volumeResponse } from '../query/query-response.ts'
import { chosenStreams } from '../query/stream-choice.ts'
import type { Store } from '../store/store.ts'
import { detectedFields, detectedValues } from './detected-fields.ts'
import { formatQuery } from './format-query.ts'
import { findPatterns } from './patterns.ts'
import { measure, volumes, type Measure } from './volume.ts'

interface Bounds { start: bigint, end: bigint }

const allHashes = { min: '0', max: 'ffffffffffffffff' }

/**
 * What Grafana's Explore and Logs Drilldown ask beside queries. Each method returns the JSON body of the answer, or
 * throws the Refusal to answer with.
 */
export class ExploreApi {
  readonly #store: Store
  readonly #limits: Limits
  readonly #now: () => number

  constructor (store: Store, limits: Limits, now: () => number) {
    this.#store = store
    this.#limits = limits
    this.#now = now
  }

  stats (request: QueryRequest): string {
    return json(sumOf(this.#measure(request)))
  }

  volume (request: QueryRequest): string {
    return this.#volumes(request, 0n)
  }

  volumeRange (request: QueryRequest): string {
    const { start, end } = this.#bounds(request)
    return this.#volumes(request, BigInt(Math.trunc(parseStep(request.params, start, end))))
  }

  /** One shard of all: what is in memory needs no more. */
  shards (request: QueryRequest): string {
    const bytes = request.params.get('targetBytesPerShard')
    if (!bytes || !(Number.parseFloat(bytes) > 0)) throw new Refusal(400, 'targetBytesPerShard must be a positive value')
    return json({ shards: [{ bounds: allHashes, stats: sumOf(this.#measure(request)) }], statistics: {}, chunkGroups: null })
  }

  patterns (request: QueryRequest): string {
    const matchers = selectorOf(request)
    const { start, end } = this.#bounds(request)
    const stepMs = parseStep(request.params, start, end) / 1e6
    return json({ status: 'success', data: findPatterns(this.#store, request.tenant, matchers, { start, end, stepMs }) })
  }

  detectedFields (request: QueryRequest): string {
    const limit = parseLimit(request.params, request.params.get('limit') ? 'limit' : 'field_limit', 1000)
    const fields = detectedFields(this.#lines(request), limit)
    return json(fields.length === 0 ? {} : { fields, limit })
  }

  detectedValues (request: QueryRequest, field: string): string {
    const limit = parseLimit(request.params, 'limit', 1000)
    const values = detectedValues(this.#lines(request), field, limit)
    return json(values.length === 0 ? {} : { values, limit })
  }

  detectedLabels ({ tenant, params }: QueryRequest): string {
    const { start, end } = parseBounds(params, this.#now())
    checkLength(start, end, this.#limits.queryLengthMs)
    const values = new Map<string, Set<string>>()
    for (const { labels } of chosenStreams(this.#store, tenant, params, ['query'], this.#now())) {
      for (const { name, value } of labels) values.set(name, (values.get(name) ?? new Set()).add(value))
    }
    return json({ detectedLabels: [...values].map(([label, { size: cardinality }]) => ({ label, cardinality })) })
  }

  formatQuery ({ params }: QueryRequest): string {
    return json({ status: 'success', data: formatQuery(params.get('query') ?? '') })
  }

  #bounds ({ params }: QueryRequest): Bounds {
    const { start, end } = parseBounds(params, this.#now())
    if (end < start) throw new Refusal(400, 'end timestamp must not be before or equal to start time')
    checkLength(start, end, this.#limits.queryLengthMs)
    return { start, end }
  }

  #measure (request: QueryRequest): Measure[] {
    const matchers = selectorOf(request)
    const { start, end } = this.#bounds(request)
    return measure(this.#store, request.tenant, matchers, start, end)
  }

  #volumes (request: QueryRequest, step: bigint): string {
    const { tenant, params } = request
    const limit = params.get('limit') === '0' ? 100 : parseLimit(params)
    const aggregateBy = params.get('aggregateBy') || 'series'
    if (aggregateBy !== 'series' && aggregateBy !== 'labels') throw new Refusal(400, 'invalid aggregation option')
    const targets = (params.get('targetLabels') ?? '').split(',').filter((name) => name !== '')
    const query = { matchers: selectorOf(request), targets, byLabel: aggregateBy === 'labels', limit, ...this.#bounds(request), step }
    return volumeResponse(volumes(this.#store, tenant, query))
  }

  /** The newest lines of the query, from which fields are read. */
  #lines (request: QueryRequest): LogStream[] {
    const query = parseQuery(request.params.get('query') ?? '')
    if (query.kind !== 'log') throw new Refusal(400, 'only log selector is supported')
    const limit = parseLimit(request.params, 'line_limit')
    checkEntries(limit, this.#limits.queryEntries)
    const range = { ...this.#bounds(request), limit, direction: 'backward' as const, interval: 0 }
    return runLogQuery(this.#store, request.tenant, query, range, true).streams
  }
}

const json = (body: object): string => JSON.stringify(body) + '\n'

/** These endpoints want a selector, which may be `{}`. */
function selectorOf ({ params }: QueryRequest): Matcher[] {
  const text = params.get('query') ?? ''
  if (text.trim() === '') parseQuery(text)
  return parseSelector(text)
}

function sumOf (measures: readonly Measure[]): object {
  const sum = (of: 'entries' | 'bytes'): number => measures.reduce((total, measure) => total + measure[of], 0)
  return { streams: measures.length, chunks: measures.length, bytes: sum('bytes'), entries: sum('entries') }
}
