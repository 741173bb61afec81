import { goDuration, promDuration } from '../push/loki-text.ts'
import { parseDuration } from './duration.ts'
import { Refusal } from '../push/refusal.ts'

const billion = 1_000_000_000n
const hourNs = 3_600_000_000_000
const mostPoints = 11_000

export interface RangeParams {
  start: bigint
  end: bigint
  /** In ns, as the interval is. */
  step: number
  interval: number
  limit: number
  direction: 'forward' | 'backward'
}

const bad = (text: string): Refusal => new Refusal(400, text)

/** A time in ns since 1970. The text is in nanoseconds, seconds (up to ten digits, or with a fraction) or RFC 3339. */
export function parseTime (text: string, name: string): bigint {
  if (/^-?\d+\.\d*$/.test(text)) {
    const seconds = Math.trunc(Number(text))
    return BigInt(seconds) * billion + BigInt(Math.round((Number(text) - seconds) * 1000)) * 1_000_000n
  }
  if (/^-?\d+$/.test(text)) return text.length <= 10 ? BigInt(text) * billion : BigInt(text)
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.exec(text)
  const ms = parts === null ? NaN : Date.parse(parts[1]! + parts[3]!)
  if (Number.isNaN(ms)) throw bad(`could not parse '${name}' parameter: strconv.ParseInt: parsing "${text}": invalid syntax`)
  return BigInt(ms) * 1_000_000n + BigInt((parts![2] ?? '.').slice(1).padEnd(9, '0'))
}

/** `start`, `end` and `since`, with Loki's defaults: the last hour. */
export function parseBounds (params: URLSearchParams, nowMs: number): { start: bigint, end: bigint } {
  const now = BigInt(Math.round(nowMs * 1000)) * 1000n
  const sinceText = params.get('since')
  const since = sinceText ? parseDuration(sinceText) : hourNs
  if (since === undefined) throw bad(`could not parse 'since' parameter: not a valid duration string: "${sinceText}"`)
  const endText = params.get('end')
  const startText = params.get('start')
  const end = endText ? parseTime(endText, 'end') : now
  const start = startText ? parseTime(startText, 'start') : (end > now ? now : end) - BigInt(since)
  return { start, end }
}

export function parseLimit (params: URLSearchParams, name = 'limit', otherwise = 100): number {
  const text = params.get(name)
  if (!text) return otherwise
  if (!/^[+-]?\d+$/.test(text)) throw bad(`strconv.Atoi: parsing "${text}": invalid syntax`)
  if (Number(text) <= 0) throw bad('limit must be a positive value')
  return Number(text)
}

export function parseRange (params: URLSearchParams, nowMs: number): RangeParams {
  const { start, end } = parseBounds(params, nowMs)
  if (end < start) throw bad('end timestamp must not be before or equal to start time')
  const limit = parseLimit(params)
  const direction = (params.get('direction') || 'backward').toLowerCase()
  if (direction !== 'forward' && direction !== 'backward') throw bad(`invalid direction '${params.get('direction')}'`)
  const step = parseStep(params, start, end)
  const interval = parseLength(params.get('interval')) ?? 0
  if (interval < 0) throw bad('interval must be >= 0')
  return { start, end, step, interval, limit, direction }
}

/** In ns. */
export function parseStep (params: URLSearchParams, start: bigint, end: bigint): number {
  const lengthNs = Number(end - start)
  const step = parseLength(params.get('step')) ?? Math.max(Math.floor(lengthNs / 1e9 / 250), 1) * 1e9
  if (step <= 0) throw bad('zero or negative query resolution step widths are not accepted. Try a positive integer')
  if (Math.trunc(lengthNs / step) > mostPoints) {
    throw bad('exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter')
  }
  return step
}

/** A length in ns. The text is a number of seconds, or a duration. */
function parseLength (text: string | null): number | undefined {
  if (!text) return undefined
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Math.trunc(Number(text) * 1e9)
  const ns = parseDuration(text)
  if (ns === undefined) throw bad(`cannot parse "${text}" to a valid duration`)
  return ns
}

/** Refuses a query over more than `mostMs`. */
export function checkLength (start: bigint, end: bigint, mostMs: number): void {
  const ns = end - start
  if (Number(ns) > mostMs * 1e6) {
    throw bad(`the query time range exceeds the limit (query length: ${goDuration(ns)}, limit: ${promDuration(mostMs)})`)
  }
}

/** Refuses a query for more entries than a query may find. */
export function checkEntries (limit: number, most: number): void {
  if (limit > most) throw bad(`max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${most})`)
}
