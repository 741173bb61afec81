/**
 * The outcome of a push.
 * - stored: Loki has every record of the push.
 * - rejected: Loki does not take the push, or not all of it, now or later. A record is at fault.
 * - retry: nobody knows whether Loki stored any of it. Loki may take the same push later.
 */
export type Answer =
  | { kind: 'stored', status: number }
  | { kind: 'rejected', status: number, message: string }
  | { kind: 'retry', reason: RetryReason, message: string, status?: number, retryAfterMs?: number }

/** `blocked`: the URL or the credentials are wrong (401, 403, 404, ...). The push is tried until an operator helps. */
export const RETRY_REASONS = ['429', '5xx', 'timeout', 'connection', 'blocked'] as const
export type RetryReason = typeof RETRY_REASONS[number]

/** Statuses that concern the records of a push. The same push would get the same answer again. */
const REJECTED = new Set([400, 413, 422])

/** Loki's default `block_ingestion_status_code`. It begins with a 2, but Loki stores nothing of such a push. */
export const BLOCKED = 260

/** The longest wait that a `Retry-After` can ask for. */
const MAX_RETRY_AFTER_MS = 600_000

export function classify (status: number, message: string, retryAfter: string | undefined, nowMs: number): Answer {
  if (status >= 200 && status < 300 && status !== BLOCKED) return { kind: 'stored', status }
  if (REJECTED.has(status)) return { kind: 'rejected', status, message }
  const text = `${status} ${message}`
  if (status === 429) return { kind: 'retry', reason: '429', status, message: text, retryAfterMs: parseRetryAfter(retryAfter, nowMs) }
  if (status >= 500 || status === 408) return { kind: 'retry', reason: '5xx', status, message: text, retryAfterMs: parseRetryAfter(retryAfter, nowMs) }
  return { kind: 'retry', reason: 'blocked', status, message: text }
}

/** Every HTTP date begins with the day of the week. Date.parse alone would take "-5" for a day in May 2001. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/

/** The value is a number of seconds or an HTTP date (RFC 9110, 10.2.3). Returns milliseconds from now, or undefined. */
export function parseRetryAfter (value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? ''
  if (!/^\d+$/.test(text) && !HTTP_DATE.test(text)) return undefined
  const ms = HTTP_DATE.test(text) ? Date.parse(text) - nowMs : Number(text) * 1000
  return Number.isNaN(ms) ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms))
}
