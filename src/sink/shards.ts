import type { Part } from '../worker/messages.ts'
import type { Answer, RetryReason } from './classify.ts'
import type { LokiClient } from './client.ts'
import type { Hosts } from './endpoint-selector.ts'
import { Lane, type Pending } from './shard.ts'

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
  hosts: Hosts
  pushBytes: number
  isolate: (pending: Pending, answer: Answer & { kind: 'refused' }) => Promise<Pending[] | undefined>
  onPush?: (report: PushReport) => void
  onRetry?: (retry: { tenant: string, shard: number, reason: RetryReason, message: string, delayMs: number }) => void
  random?: () => number
}

/**
 * Spreads parts over lanes, one for each shard of each tenant, each with at most one push under way. A tenant has lanes of its own,
 * so one that is limited, or pushed to slowly, holds up nobody else. Lanes live while they have something to do.
 */
export class Shards {
  readonly #options: Options
  readonly #lanes = new Map<string, Lane>()
  readonly #waiting = new Set<Lane>()
  /** One for each push under way: a signal that all of them share would be slow to listen to, with as many as there may be tenants. */
  readonly #pushes = new Set<AbortController>()
  #closed = false

  constructor (options: Options) {
    this.#options = options
  }

  get size (): number {
    return this.#lanes.size
  }

  /** Compressed bytes that wait or are being pushed. */
  get bytes (): number {
    let bytes = 0
    for (const lane of this.#lanes.values()) bytes += lane.bytes
    return bytes
  }

  /** After `close` a no-op: a worker may still come back with a batch then, which stays unsettled. */
  add (pending: Pending): void {
    if (this.#closed) return
    const { tenant, shard } = pending.part
    const key = `${shard} ${tenant}`
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = this.#openLane(tenant, shard, key)
      this.#lanes.set(key, lane)
    }
    lane.add(pending)
  }

  /** Aborts what is under way; nothing more is resolved. */
  close (): void {
    this.#closed = true
    for (const lane of this.#lanes.values()) lane.close()
    this.#lanes.clear()
    this.#waiting.clear()
    for (const push of this.#pushes) push.abort()
  }

  #openLane (tenant: string, shard: number, key: string): Lane {
    return new Lane(tenant, shard, {
      pushBytes: this.#options.pushBytes,
      push: async (lane, body, parts) => await this.#push(lane, body, parts),
      isolate: this.#options.isolate,
      onRetry: (lane, reason, message, delayMs) => {
        // A tenant's limit is not over because another push was stored: to ask each of them every time would cost the more the more there are.
        if (reason !== '429') this.#waiting.add(lane)
        this.#options.onRetry?.({ tenant, shard, reason, message, delayMs })
      },
      onIdle: () => { this.#lanes.delete(key) },
      random: this.#options.random ?? Math.random
    })
  }

  async #push (lane: Lane, body: Uint8Array, parts: Part[]): Promise<Answer> {
    const { client, hosts } = this.#options
    this.#waiting.delete(lane)
    const host = hosts.pick(lane.shard)
    const start = performance.now()
    const abort = new AbortController()
    this.#pushes.add(abort)
    const answer = await client.push(host, lane.tenant, body, abort.signal)
    this.#pushes.delete(abort)
    this.#note(host, answer)
    this.#options.onPush?.({
      answer,
      tenant: lane.tenant,
      shard: lane.shard,
      url: client.urls[host] ?? '',
      durationMs: performance.now() - start,
      parts: parts.length,
      records: parts.reduce((sum, { records }) => sum + records, 0),
      bytes: body.length,
      rawBytes: parts.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
    })
    return answer
  }

  #note (host: number, answer: Answer): void {
    if (answer.kind === 'retry' && answer.reason === '429') return
    if (answer.kind === 'retry') return this.#options.hosts.failed(host)
    this.#options.hosts.answered(host)
    // What was refused is no sign that what waits would be taken now.
    if (answer.kind === 'stored') for (const lane of this.#waiting) lane.wake()
  }
}
