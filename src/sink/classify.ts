import { type Fault, refusalOf } from './refusals.ts'

/**
 * The outcome of a push.
 * - stored: Loki itself said that it has every record of the push.
 * - rejected: whoever answered does not take the push, or not all of it, now or later. `fault` says what is known of
 *   why.
 * - retry: Loki may take the same push later. Nobody knows whether it stored any of this one, unless it was never sent
 *   (`unsent`). `hint` names a setting to look at.
 */
export type Answer =
  | { kind: 'stored', status: number }
  | { kind: 'rejected', status: number, message: string, fault: Fault, hint?: string }
  | { kind: 'retry', reason: RetryReason, message: string, status?: number, retryAfterMs?: number, hint?: string, unsent?: boolean }

/**
 * `blocked`: the answer is not from Loki, or Loki takes no push at all (wrong URL, path, credentials, policy). The push
 * is tried until an operator helps.
 */
export const RETRY_REASONS = ['429', '5xx', 'timeout', 'connection', 'blocked'] as const
export type RetryReason = typeof RETRY_REASONS[number]

/** Loki answers a push that it stored with this status, and with no other (pkg/distributor/http.go). */
export const STORED_STATUS = 204

/** Loki's default `block_ingestion_status_code`. It begins with a 2, but Loki stores nothing of such a push. */
const BLOCKED_BY_POLICY = 260

/** The longest wait that a `Retry-After` can ask for. */
const MAX_RETRY_AFTER_MS = 600_000

export interface HttpAnswer {
  status: number
  /** The beginning of the body. */
  message: string
  /** The header `Retry-After`. */
  retryAfter: string | undefined
}

/** `storedStatus`: a further status that means stored, for a proxy that changes Loki's status. */
export function classify ({ status, message, retryAfter }: HttpAnswer, nowMs: number, storedStatus = STORED_STATUS): Answer {
  if (status === STORED_STATUS || status === storedStatus) return { kind: 'stored', status }
  const refusal = refusalOf(status, message)
  if (refusal !== undefined) return { kind: 'rejected', status, message, ...refusal }
  const text = `${status} ${message}`
  if (status === 429) return { kind: 'retry', reason: '429', status, message: text, retryAfterMs: parseRetryAfter(retryAfter, nowMs) }
  if (status >= 500 || status === 408) {
    return { kind: 'retry', reason: '5xx', status, message: text, retryAfterMs: parseRetryAfter(retryAfter, nowMs) }
  }
  return { kind: 'retry', reason: 'blocked', status, message: text, hint: hintOf(status) }
}

function hintOf (status: number): string {
  if (status === BLOCKED_BY_POLICY) return 'a policy of Loki blocks this tenant (limits_config.block_ingestion_until); records are held until it ends'
  if (status >= 200 && status < 300) {
    return 'Loki says 204 to what it stores, so something else answers (a login page, a proxy): check LOKEAN_LOKI_URL. ' +
      'LOKEAN_LOKI_STORED_STATUS allows the status of a proxy that changes Loki\'s'
  }
  if (status >= 300 && status < 400) return 'a redirect is no answer of Loki: LOKEAN_LOKI_URL must be its own address; a gateway may send a bad token to a login page'
  if (status === 401) return 'check LOKEAN_LOKI_TENANT, and LOKEAN_LOKI_TOKEN or LOKEAN_LOKI_USERNAME and _PASSWORD'
  if (status === 404 || status === 405) return 'no push endpoint is there: check the host and the path prefix in LOKEAN_LOKI_URL'
  return GATEWAYS[status] ?? 'check LOKEAN_LOKI_URL, LOKEAN_LOKI_TENANT and the credentials'
}

/** Loki has none of these. Whatever stands before it has. */
const GATEWAYS: Readonly<Record<number, string>> = {
  411: 'a proxy before Loki did not get, or pass on, the length of the push: look there',
  415: 'what answers does not take snappy-compressed protobuf, as Loki\'s push endpoint does: check the host and the path prefix in LOKEAN_LOKI_URL',
  418: 'a firewall before Loki turns the push away: check LOKEAN_LOKI_URL, and let /loki/api/v1/push through',
  421: 'the proxy that answers does not serve this host: check the host in LOKEAN_LOKI_URL, and the certificates and names of the proxy',
  451: 'a rule of a proxy or firewall before Loki forbids the push: look there'
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
