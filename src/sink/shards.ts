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
  onRetry?: (retry: { tenant: string, shard: number, reason: RetryReason, message: string, delayMs: number }) => void
  random?: () => number
}

/**
 * Hands each part to the shard of its tenant; each shard has at most one push under way. Tenants share no shard: a
 * tenant that Loki limits, or answers slowly, holds up no other. A shard lives while it has parts.
 */
export class Shards {
  readonly #options: Options
  readonly #shards = new Map<string, Shard>()
  readonly #waiting = new Set<Shard>()
  /**
   * One for each push under way. One signal for all would have as many listeners as there are shards, and slow each
   * push.
   */
  readonly #pushes = new Set<AbortController>()
  #closed = false

  constructor (options: Options) {
    this.#options = options
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
      push: async (shard, body, parts) => await this.#push(shard, body, parts),
      onRejected: this.#options.onRejected,
      onRetry: (shard, reason, message, delayMs) => {
        // A stored push does not end another tenant's limit. To wake all limited shards each time would cost more with
        // each tenant.
        if (reason !== '429') this.#waiting.add(shard)
        this.#options.onRetry?.({ tenant, shard: index, reason, message, delayMs })
      },
      onIdle: () => { this.#shards.delete(key) },
      random: this.#options.random ?? Math.random
    })
  }

  async #push (shard: Shard, body: Uint8Array, parts: Part[]): Promise<Answer> {
    const { client, endpoints } = this.#options
    this.#waiting.delete(shard)
    const endpoint = endpoints.pick(shard.index)
    const start = performance.now()
    const abort = new AbortController()
    this.#pushes.add(abort)
    const answer = await client.push(endpoint, shard.tenant, body, abort.signal)
    this.#pushes.delete(abort)
    this.#note(endpoint, answer)
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

  #note (endpoint: number, answer: Answer): void {
    if (answer.kind === 'retry' && answer.reason === '429') return
    if (answer.kind === 'retry') return this.#options.endpoints.failed(endpoint)
    this.#options.endpoints.answered(endpoint)
    // A rejected push does not show that Loki would store others now.
    if (answer.kind === 'stored') for (const shard of this.#waiting) shard.wake()
  }
}
