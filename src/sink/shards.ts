import type { Part } from '../worker/messages.ts'
import type { Answer, RetryReason } from './classify.ts'
import type { LokiClient } from './client.ts'
import type { EndpointSelector } from './endpoint-selector.ts'
import { Shard, type Pending } from './shard.ts'

/** One attempt at a push, for logs and metrics. */
export interface PushReport {
  answer: Answer
  tenant: string
  shard: number
  url: string
  durationMs: number
  parts: number
  records: number
  bytes: number
  rawBytes: number
}

interface Options {
  client: Pick<LokiClient, 'urls' | 'push'>
  endpoints: EndpointSelector
  pushBytes: number
  onRejected: (pending: Pending, answer: Answer & { kind: 'rejected' }) => Promise<Pending[] | undefined>
  onPush?: (report: PushReport) => void
  onRetry?: (
    retry: { tenant: string, shard: number, reason: RetryReason, message: string, delayMs: number, hint: string | undefined }
  ) => void
  random?: () => number
  /** A clock in ms that never goes back. */
  now?: () => number
}

/**
 * Hands each part to the shard of its tenant; each shard has at most one push under way. Tenants share no shard: a
 * tenant that Loki limits, or answers slowly, holds up no other. A shard lives while it has parts.
 */
export class Shards {
  readonly #options: Options
  readonly #shards = new Map<string, Shard>()
  readonly #waiting = new Set<Shard>()
  /** Until when Loki wants no push of a tenant (Retry-After of a 429). */
  readonly #limitedUntil = new Map<string, number>()
  readonly #now: () => number
  /**
   * One for each push under way. One signal for all would have as many listeners as there are shards, and slow each
   * push.
   */
  readonly #pushes = new Set<AbortController>()
  #closed = false

  constructor (options: Options) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  get size (): number {
    return this.#shards.size
  }

  /** Compressed bytes that wait or are being pushed. */
  get bytes (): number {
    let bytes = 0
    for (const shard of this.#shards.values()) bytes += shard.bytes
    return bytes
  }

  /** Does nothing after `close`: a worker may still bring a batch then, and that batch stays unsettled. */
  add (pending: Pending): void {
    if (this.#closed) return
    const { tenant, shard: index } = pending.part
    const key = `${index} ${tenant}`
    let shard = this.#shards.get(key)
    if (shard === undefined) {
      shard = this.#openShard(tenant, index, key)
      this.#shards.set(key, shard)
    }
    shard.add(pending)
  }

  /** Aborts the pushes under way, and resolves no ticket any more. */
  close (): void {
    this.#closed = true
    for (const shard of this.#shards.values()) shard.close()
    this.#shards.clear()
    this.#waiting.clear()
    for (const push of this.#pushes) push.abort()
  }

  #openShard (tenant: string, index: number, key: string): Shard {
    return new Shard(tenant, index, {
      pushBytes: this.#options.pushBytes,
      hold: () => this.#hold(tenant),
      push: async (shard, body, parts) => await this.#push(shard, body, parts),
      onRejected: this.#options.onRejected,
      onRetry: (shard, reason, message, delayMs, hint) => {
        // A stored push does not end another tenant's limit. To wake all limited shards each time would cost more with
        // each tenant.
        if (reason !== '429') this.#waiting.add(shard)
        this.#options.onRetry?.({ tenant, shard: index, reason, message, delayMs, hint })
      },
      onIdle: () => { this.#shards.delete(key) },
      random: this.#options.random ?? Math.random
    })
  }

  async #push (shard: Shard, body: Uint8Array, parts: Part[]): Promise<Answer> {
    const { client, endpoints } = this.#options
    this.#waiting.delete(shard)
    const endpoint = endpoints.pick()
    const start = performance.now()
    const abort = new AbortController()
    this.#pushes.add(abort)
    const answer = await client.push(endpoint, shard.tenant, body, abort.signal)
    this.#pushes.delete(abort)
    this.#note(endpoint, shard.tenant, answer)
    this.#options.onPush?.({
      answer,
      tenant: shard.tenant,
      shard: shard.index,
      url: client.urls[endpoint] ?? '',
      durationMs: performance.now() - start,
      parts: parts.length,
      records: parts.reduce((sum, { records }) => sum + records, 0),
      bytes: body.length,
      rawBytes: parts.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
    })
    return answer
  }

  /**
   * The Retry-After of a limit (429) holds the pushes of its tenant. Any other one holds all pushes to its endpoint.
   */
  #hold (tenant: string): { ms: number, reason: RetryReason } | undefined {
    const limited = (this.#limitedUntil.get(tenant) ?? 0) - this.#now()
    if (limited > 0) return { ms: limited, reason: '429' }
    this.#limitedUntil.delete(tenant)
    const closed = this.#options.endpoints.closedForMs()
    return closed > 0 ? { ms: closed, reason: '5xx' } : undefined
  }

  #note (endpoint: number, tenant: string, answer: Answer): void {
    const { endpoints } = this.#options
    if (answer.kind === 'retry' && answer.reason === '429') {
      if (answer.retryAfterMs !== undefined) this.#limitedUntil.set(tenant, this.#now() + answer.retryAfterMs)
      return
    }
    if (answer.kind === 'retry') return endpoints.failed(endpoint, answer.retryAfterMs)
    endpoints.answered(endpoint)
    // A rejected push does not show that Loki would store others now.
    if (answer.kind === 'stored') for (const shard of this.#waiting) shard.wake()
  }
}
