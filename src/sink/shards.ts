import type { NewStream, Part } from '../worker/messages/tasks.ts'
import type { Answer, RetryReason } from './classify.ts'
import type { LokiClient } from './client.ts'
import type { ResendReason } from './doubt.ts'
import type { EndpointSelector } from './endpoint-selector.ts'
import type { PushLimits } from './push-limits.ts'
import { pauseMs } from './pause.ts'
import { PushJoiner } from './push-joiner.ts'
import type { PushReport, RetryReport } from './reports.ts'
import { RetryAfter } from './retry-after.ts'
import { Shard } from './shard.ts'
import type { Attempt, Pending, Rejected, Ruling, ShardHandle, ShardTools } from './shard-tools.ts'
import type { StoredAt } from './stored-at.ts'
import type { StreamRoom } from './stream-room.ts'

interface Options {
  client: Pick<LokiClient, 'urls' | 'push'>
  endpoints: EndpointSelector
  limits: Pick<PushLimits, 'limitOf' | 'limited' | 'stored' | 'tooLarge'>
  storedAt: StoredAt
  room: StreamRoom
  pushBytes: number
  /** Of a push that is joined with no other: see PushJoiner. */
  enoughBytes?: number
  /** See ShardTools. */
  rule: (pending: Pending, answer: Rejected, endpoint: number) => Promise<Ruling | undefined>
  halve: (pending: Pending) => Promise<Pending[] | undefined>
  lookUp?: ShardTools['lookUp']
  onResent?: (reason: ResendReason, records: number) => void
  /** Loki has stored a part of a stream that it may not have known. */
  onStored?: (stream: NewStream) => void
  onPush?: (report: PushReport) => void
  onRetry?: (report: RetryReport) => void
  /** A tenant has no held records any more. */
  onReleased?: (tenant: string) => void
  /** Nothing of the tenant waits any more. */
  onQuiet?: (tenant: string) => void
  random?: () => number
  /** A clock in ms that never goes back. */
  now?: () => number
}

/** The longest pause between two tries while the process stops. */
const MOST_DRAINING_MS = 500

/** Loki's words for a stream beyond the limit on a tenant's streams. */
const STREAM_LIMIT = /active stream limit/i

/** Which parts share a shard. */
type Place = 'usual' | 'held' | 'quarantine'

/**
 * Hands each part to the shard of its tenant. Tenants share no shard: a tenant that Loki limits, or answers slowly,
 * holds up no other. A shard lives while it has parts.
 *
 * Beside the usual shards, a tenant may have:
 * - for each address, one for its quarantined records: where Loki refuses those, the others flow;
 * - for each shard and address, one for parts that a condition holds. Parts of other addresses flow, and so do those of
 *   this one that the condition does not concern.
 */
export class Shards {
  readonly #options: Options
  readonly #shards = new Map<string, Shard>()
  /** What each tenant with shards has: how many, and what joins their pushes. */
  readonly #open = new Map<string, { usual: number, unusual: number, joiner: PushJoiner }>()
  readonly #waiting = new Set<ShardHandle>()
  readonly #retryAfter: RetryAfter
  readonly #now: () => number
  /**
   * One for each push under way. One signal for all would have as many listeners as there are shards, and slow each
   * push.
   */
  readonly #pushes = new Set<AbortController>()
  #draining = false
  #closed = false

  constructor (options: Options) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#retryAfter = new RetryAfter(options.endpoints, this.#now)
  }

  get size (): number {
    return this.#shards.size
  }

  /** Compressed bytes of the parts that wait or are in a push, by tenant. */
  get bytes (): Map<string, number> {
    const bytes = new Map<string, number>()
    for (const shard of this.#shards.values()) bytes.set(shard.tenant, (bytes.get(shard.tenant) ?? 0) + shard.bytes)
    return bytes
  }

  /** How many shards wait before they push again, or try again, by why. */
  get waiting (): Map<RetryReason, number> {
    const waiting = new Map<RetryReason, number>()
    for (const { waitingFor } of this.#shards.values()) {
      if (waitingFor !== undefined) waiting.set(waitingFor, (waiting.get(waitingFor) ?? 0) + 1)
    }
    return waiting
  }

  /** Does nothing after `close`: a worker may still bring a batch then, and that batch stays unsettled. */
  add (pending: Pending): void {
    this.#add(pending, pending.part.quarantine ? 'quarantine' : 'usual')
  }

  /** Tries a push that belongs to no shard. */
  async pushAlone (endpoint: number, tenant: string, body: Uint8Array): Promise<Answer> {
    const abort = new AbortController()
    this.#pushes.add(abort)
    const answer = await this.#options.client.push(endpoint, tenant, body, abort.signal)
    this.#pushes.delete(abort)
    return answer
  }

  /**
   * From now on there is little time: what waits is pushed at once, whatever Loki has asked for (Retry-After), and
   * pauses are short.
   */
  drain (): void {
    this.#draining = true
    for (const shard of [...this.#shards.values()]) shard.hurry()
  }

  /** Aborts the pushes under way, and resolves no ticket any more. */
  close (): void {
    this.#closed = true
    for (const shard of this.#shards.values()) shard.close()
    this.#shards.clear()
    this.#waiting.clear()
    for (const push of this.#pushes) push.abort()
  }

  #add (pending: Pending, place: Place): void {
    if (this.#closed) return
    const { address, tenant, shard: index } = pending.part
    const key = place === 'usual'
      ? `${index} ${tenant}`
      : place === 'held'
        ? `${index} ${tenant} ${address}`
        : `quarantine ${tenant} ${address}`
    let shard = this.#shards.get(key)
    if (shard === undefined) {
      const open = this.#open.get(tenant) ?? { usual: 0, unusual: 0, joiner: this.#openJoiner(tenant) }
      this.#open.set(tenant, open)
      shard = this.#openShard(tenant, index, place, key, open.joiner)
      this.#shards.set(key, shard)
      open[place === 'usual' ? 'usual' : 'unusual']++
    }
    shard.add(pending)
  }

  #openJoiner (tenant: string): PushJoiner {
    return new PushJoiner({
      push: async (parts, body) => await this.#push(tenant, parts, body),
      limit: () => Math.min(this.#options.pushBytes, this.#options.limits.limitOf(tenant)),
      enoughBytes: this.#options.enoughBytes
    })
  }

  #openShard (tenant: string, index: number, place: Place, key: string, joiner: PushJoiner): Shard {
    const { limits, room, pushBytes, rule, halve, lookUp, onResent = () => {}, random = Math.random } = this.#options
    return new Shard(tenant, index, {
      pushBytes,
      limit: () => limits.limitOf(tenant),
      isSolo: (part, newBefore) => room.isSolo(part, newBefore),
      limited: push => limits.limited(tenant, push),
      hold: () => this.#draining ? undefined : this.#retryAfter.hold(tenant),
      push: async (shard, parts, alone) => {
        this.#waiting.delete(shard)
        if (!alone) room.take(tenant, parts)
        // What is held, and what was rejected, would hold up those beside it.
        return await joiner.push(parts, alone || place !== 'usual')
      },
      rule,
      halve,
      lookUp,
      onResent,
      setAside: (pending, ruling) => {
        const to = pending.part.quarantine ? 'quarantine' : 'held'
        // A part that is held stays where it is, in its order, where only held parts are.
        if (to === place) return false
        if (ruling !== undefined) {
          const { message, hint } = ruling
          this.#options.onRetry?.({ tenant, shard: index, reason: 'blocked', message, delayMs: 0, hint, held: true, first: true })
        }
        this.#add(pending, to)
        return true
      },
      forget: shard => { this.#waiting.delete(shard) },
      onRetry: (shard, reason, message, delayMs, hint, first) => {
        // A stored push does not end another tenant's limit. To wake all limited shards each time would cost more with
        // each tenant.
        if (reason !== '429') this.#waiting.add(shard)
        const held = place !== 'usual' && reason === 'blocked'
        this.#options.onRetry?.({ tenant, shard: index, reason, message, delayMs, hint, held, first })
      },
      onIdle: () => { this.#closeShard(key, tenant, place) },
      pause: (reason, attempt) => Math.min(pauseMs(reason, attempt, random), this.#draining ? MOST_DRAINING_MS : Infinity),
      now: this.#now
    })
  }

  #closeShard (key: string, tenant: string, place: Place): void {
    this.#shards.delete(key)
    const open = this.#open.get(tenant)
    if (open === undefined) return
    if (place === 'usual') open.usual--
    else if (--open.unusual === 0) this.#options.onReleased?.(tenant)
    if (open.usual + open.unusual > 0) return
    this.#open.delete(tenant)
    this.#options.onQuiet?.(tenant)
  }

  async #push (tenant: string, parts: readonly Part[], body: Uint8Array): Promise<Pick<Attempt, 'answer' | 'endpoint'>> {
    const { client, endpoints, limits, storedAt, room, onStored, onPush } = this.#options
    const endpoint = endpoints.pick()
    const start = performance.now()
    const answer = await this.pushAlone(endpoint, tenant, body)
    const rawBytes = parts.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
    this.#retryAfter.answered(endpoint, tenant, answer)
    if (answer.kind === 'stored') {
      limits.stored(tenant, rawBytes)
      for (const part of parts) {
        if (part.quarantine) continue
        storedAt.set(endpoint, part)
        if (part.newStream !== undefined) onStored?.(part.newStream)
      }
      for (const waiting of this.#waiting) waiting.wake()
    }
    if (answer.kind === 'retry' && answer.reason === '429' && STREAM_LIMIT.test(answer.message)) room.refused(tenant)
    // The parts go by themselves now, and are ruled on there; the next push of several has to be smaller.
    if (answer.kind === 'rejected' && answer.fault === 'size' && parts.length > 1) limits.tooLarge(tenant, rawBytes)
    onPush?.({
      answer,
      tenant,
      shard: parts[0]?.shard ?? 0,
      url: client.urls[endpoint] ?? '',
      durationMs: performance.now() - start,
      parts: parts.length,
      records: parts.reduce((sum, { records }) => sum + records, 0),
      bytes: body.length,
      rawBytes
    })
    return { answer, endpoint }
  }
}
