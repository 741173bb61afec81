/**
 * What came of a push.
 * - stored: every record of it is in Loki.
 * - refused: Loki will not take (all of) it, now or later; the record is at fault, not the time.
 * - retry: nothing is known to be stored, and the same push may well be taken later.
 */
export type Answer =
  | { kind: 'stored', status: number }
  | { kind: 'rejected', status: number, message: string }
  | { kind: 'retry', reason: RetryReason, message: string, status?: number, retryAfterMs?: number }

/** `blocked`: the address or the credentials are wrong (401, 403, 404, ...): nothing but an operator helps, and nothing is given up. */
export const RETRY_REASONS = ['429', '5xx', 'timeout', 'connection', 'blocked'] as const
export type RetryReason = typeof RETRY_REASONS[number]

/** Statuses that speak about the records of a push; sending them again cannot help. */
const REJECTED = new Set([400, 413, 422])

/** Loki's default `block_ingestion_status_code`: nothing of such a push is stored, although it begins with a 2. */
export const BLOCKED = 260

/** Longest wait that a `Retry-After` can ask for. */
const MAX_RETRY_AFTER_MS = 600_000

export function classify (status: number, message: string, retryAfter: string | undefined, nowMs: number): Answer {
  if (status >= 200 && status < 300 && status !== BLOCKED) return { kind: 'stored', status }
  if (REJECTED.has(status)) return { kind: 'rejected', status, message }
  const text = `${status} ${message}`
  if (status === 429) return { kind: 'retry', reason: '429', status, message: text, retryAfterMs: parseRetryAfter(retryAfter, nowMs) }
  if (status >= 500 || status === 408) return { kind: 'retry', reason: '5xx', status, message: text, retryAfterMs: parseRetryAfter(retryAfter, nowMs) }
  return { kind: 'retry', reason: 'blocked', status, message: text }
}

/** All forms of an HTTP date begin with the day of the week. Date.parse by itself takes "-5" for a day in May 2001. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/

/** Seconds or an HTTP date (RFC 9110, 10.2.3), in milliseconds from now; undefined where it is neither. */
export function parseRetryAfter (value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? ''
  if (!/^\d+$/.test(text) && !HTTP_DATE.test(text)) return undefined
  const ms = HTTP_DATE.test(text) ? Date.parse(text) - nowMs : Number(text) * 1000
  return Number.isNaN(ms) ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms))
}
