import type { Logger } from '../log.ts'
import type { RetryReason } from './classify.ts'

/** The log repeats a failure that goes on after this long. */
const REMIND_MS = 30_000

const HINTS: Record<RetryReason, string> = {
  429: 'Loki limits the tenant: raise its ingestion limits, or send less',
  '5xx': 'see Loki\'s own log',
  timeout: 'Loki does not answer in time: scale it, or raise LOKEAN_PUSH_TIMEOUT',
  connection: 'is Loki up, and LOKEAN_LOKI_URL right?',
  blocked: 'check LOKEAN_LOKI_URL, LOKEAN_LOKI_TENANT and the credentials; records are held until Loki takes them'
}

/**
 * Loki's health as the pushes show it. `/readyz` reports it. The log has each change, and a reminder while a failure
 * goes on; it does not have each attempt.
 */
export class LokiHealth {
  readonly #log: Logger
  readonly #now: () => number
  readonly #lastWarned = new Map<string, number>()
  #reached = false
  #failing: { reason: RetryReason, message: string, since: number } | undefined

  constructor (log: Logger, now: () => number = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /** A limited tenant (429) is no failure of Loki: other tenants may flow. */
  status (): { ok: boolean, detail: string } {
    if (this.#failing !== undefined) return { ok: false, detail: `${this.#failing.reason}: ${this.#failing.message}` }
    return this.#reached ? { ok: true, detail: 'pushes are stored' } : { ok: false, detail: 'not reached yet' }
  }

  /** Loki stored or rejected a push, or the first probe found Loki ready. */
  succeeded (url: string): void {
    if (this.#failing !== undefined) {
      this.#log.info({ loki: url, failedForMs: this.#now() - this.#failing.since }, 'Loki takes pushes again')
    } else if (!this.#reached) this.#log.info({ loki: url }, 'Loki answers')
    this.#reached = true
    this.#failing = undefined
    for (const key of this.#lastWarned.keys()) if (!key.startsWith('429')) this.#lastWarned.delete(key)
  }

  /** The first probe found Loki not ready. */
  notReady (message: string, delayMs: number): void {
    this.#warn('connection', 'connection', { message, retryMs: Math.round(delayMs) }, 'Loki is not ready; asking again')
    this.#failing ??= { reason: 'connection', message, since: this.#now() }
  }

  retrying (tenant: string, reason: RetryReason, message: string, delayMs: number, hint?: string): void {
    // A 429 is an answer: Loki can be reached, whatever else may fail.
    if (reason === '429') {
      if (this.#failing?.reason === 'connection' || this.#failing?.reason === 'timeout') this.#failing = undefined
    } else this.#failing = { reason, message, since: this.#failing?.since ?? this.#now() }
    if (reason === '429') this.#reached = true
    const facts = { message, tenant: tenant === '' ? undefined : tenant, retryMs: Math.round(delayMs) }
    this.#warn(reason === '429' ? `429 ${tenant}` : reason, reason, facts, 'a push to Loki failed; it is tried again', hint)
  }

  #warn (key: string, reason: RetryReason, facts: object, text: string, hint = HINTS[reason]): void {
    const now = this.#now()
    if (now - (this.#lastWarned.get(key) ?? -Infinity) < REMIND_MS) return
    if (this.#lastWarned.size > 1000) this.#lastWarned.clear()
    this.#lastWarned.set(key, now)
    this.#log.warn({ reason, ...facts, mend: hint }, text)
  }
}
