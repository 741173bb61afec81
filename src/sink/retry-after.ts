import type { Answer, RetryReason } from './classify.ts'
import type { EndpointSelector } from './endpoint-selector.ts'

/** Who may get no push at present: the `Retry-After` of a 429 holds its tenant, any other one holds its endpoint. */
export class RetryAfter {
  readonly #endpoints: EndpointSelector
  readonly #now: () => number
  readonly #limitedUntil = new Map<string, number>()

  /** `now`: a clock in ms that never goes back. */
  constructor (endpoints: EndpointSelector, now: () => number) {
    this.#endpoints = endpoints
    this.#now = now
  }

  /** For how many ms the tenant may get no push, and why; undefined where it may get one. */
  hold (tenant: string): { ms: number, reason: RetryReason } | undefined {
    const limited = (this.#limitedUntil.get(tenant) ?? 0) - this.#now()
    if (limited > 0) return { ms: limited, reason: '429' }
    this.#limitedUntil.delete(tenant)
    const closed = this.#endpoints.closedForMs()
    return closed > 0 ? { ms: closed, reason: '5xx' } : undefined
  }

  answered (endpoint: number, tenant: string, answer: Answer): void {
    // A tenant that may not push (401) says nothing of the endpoint.
    if (answer.kind !== 'retry' || answer.status === 401) return this.#endpoints.answered(endpoint)
    if (answer.reason !== '429') return this.#endpoints.failed(endpoint, answer.retryAfterMs)
    if (answer.retryAfterMs !== undefined) this.#limitedUntil.set(tenant, this.#now() + answer.retryAfterMs)
  }
}
