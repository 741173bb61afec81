import type { Chunk } from '../store/entry-table.ts'
import type { Store } from '../store/store.ts'
import type { LokiVersion } from '../version.ts'
import { moveDuplicateTimes } from './duplicate-times.ts'
import { Ingester } from './ingester.ts'
import { KnownStreams, type KnownStream, type Part } from './known-streams.ts'
import { defaultLimits, EntryWindow, TokenBucket, type Limits } from './limits.ts'
import { messagesOf, type Messages } from './messages.ts'
import { PushColumns } from './push-columns.ts'
import { decodePush } from './push-decode.ts'
import { GroupedRefusal, noRejects, Refusal } from './refusal.ts'

interface Tenant {
  name: string
  bucket: TokenBucket
  streams: KnownStreams
}

export interface IntakeOptions {
  /** Loki's defaults where not given. */
  limits?: Partial<Limits>
  /** Default 3.4.6. */
  version?: LokiVersion
  /** Default 1. */
  ingesters?: number
  now?: () => number
}

/**
 * Takes pushes in as Loki's distributor does, in its order: decode and parse labels (any fault refuses the whole push),
 * validate (faults refuse single entries), rate (refuses the whole push), divide fast streams into shards, then hand
 * each ingester its share. One that refuses its share speaks for the whole push, though the others have stored theirs.
 */
export class Intake {
  readonly rejected = noRejects()
  readonly #store: Store
  readonly #limits: Limits
  readonly #messages: Messages
  readonly #ingesters: readonly Ingester[]
  readonly #now: () => number
  readonly #tenants = new Map<string, Tenant>()
  readonly #columns = new PushColumns()

  constructor (store: Store, { limits, version = '3.4.6', ingesters = 1, now = Date.now }: IntakeOptions = {}) {
    this.#store = store
    this.#limits = { ...defaultLimits, ...limits }
    this.#messages = messagesOf(version)
    this.#ingesters = Array.from(
      { length: ingesters },
      () => new Ingester({ store, limits: this.#limits, messages: this.#messages, rejected: this.rejected, ingesters })
    )
    this.#now = now
  }

  get limits (): Limits {
    return this.#limits
  }

  /** Changes limits, as Loki does when it reads its runtime configuration anew. */
  set limits (limits: Partial<Limits>) {
    Object.assign(this.#limits, limits)
    for (const { streams } of this.#tenants.values()) streams.clear()
  }

  /**
   * Stores a decoded push of `bytes`, which `fill` writes into the chunk that it is given. Throws a Refusal to answer
   * with.
   */
  push (tenantName: string, bytes: number, fill: (chunk: Chunk, at: number) => void): void {
    const { chunk, number } = this.#store.table.reserve(bytes)
    const storedBefore = this.#store.entries
    try {
      fill(chunk, chunk.used)
      decodePush(chunk.buf, chunk.used, chunk.used + bytes, this.#columns)
      this.#take(this.#tenant(tenantName), chunk, number)
    } finally {
      this.#store.table.settle(chunk, number, bytes, this.#store.entries > storedBefore)
      this.#store.trim()
      this.#store.tellWatchers()
    }
  }

  #take (tenant: Tenant, chunk: Chunk, chunkNumber: number): void {
    const columns = this.#columns
    const nowMs = this.#now()
    if (columns.streams === 0) throw new Refusal(422, 'error at least one valid stream is required for ingestion')
    const streams: KnownStream[] = []
    for (let i = 0; i < columns.streams; i++) streams.push(tenant.streams.read(chunk.buf, columns.labelsStart[i]!, columns.labelsEnd[i]!))

    const invalid = new GroupedRefusal()
    const valid = this.#validate(streams, nowMs, invalid)
    if (valid.length === 0) return invalid.throwIfAny()
    if (this.#limits.incrementDuplicateTimestamp) for (const { entries } of valid) moveDuplicateTimes(columns, entries, chunk.buf)
    const lines = valid.reduce((sum, { entries }) => sum + entries.length, 0)
    const bytes = valid.reduce((sum, { bytes }) => sum + bytes, 0)
    if (!tenant.bucket.take(bytes, nowMs)) {
      this.rejected.rate_limited += lines
      throw new Refusal(429, this.#messages.rateLimited(tenant.name, this.#limits.rateBytes, lines, bytes))
    }
    const shares: Part[][] = this.#ingesters.map(() => [])
    for (const whole of valid) {
      for (const part of tenant.streams.divide(whole, nowMs)) shares[part.named.ingester]!.push(part)
    }
    let outcome: Refusal | undefined
    for (const [i, parts] of shares.entries()) {
      const refusal = parts.length === 0 ? undefined : this.#ingesters[i]!.push(tenant.name, { columns, parts, chunk, chunkNumber })
      outcome ??= refusal
    }
    if (outcome !== undefined) throw outcome
    invalid.throwIfAny()
  }

  /** What keeps to the limits, stream by stream, of those that have any. */
  #validate (streams: readonly KnownStream[], nowMs: number, invalid: GroupedRefusal): Array<Part<KnownStream>> {
    const columns = this.#columns
    const window = new EntryWindow(this.#limits, this.#messages, nowMs)
    const all: Array<Part<KnownStream>> = []
    for (const [i, known] of streams.entries()) {
      const from = columns.firstEntry[i]!
      const to = columns.firstEntry[i + 1]!
      if (known.problem !== undefined) {
        if (to > from) invalid.add(known.problem)
        this.rejected[known.problem.reason!] += to - from
        continue
      }
      const valid: Part<KnownStream> = { named: known, entries: [], bytes: 0 }
      for (let entry = from; entry < to; entry++) {
        const lineBytes = columns.lineEnd[entry]! - columns.lineStart[entry]!
        const metadataBytes = columns.metadataBytes[entry]!
        const pairs = columns.metadataPairs[entry]!
        const fault = window.problem(columns.seconds[entry]!, columns.nanos[entry]!, lineBytes, pairs, metadataBytes, known.text)
        if (fault !== undefined) {
          invalid.add(fault)
          this.rejected[fault.reason!]++
          continue
        }
        valid.entries.push(entry)
        valid.bytes += lineBytes + metadataBytes
      }
      if (valid.entries.length > 0) all.push(valid)
    }
    return all
  }

  #tenant (name: string): Tenant {
    let tenant = this.#tenants.get(name)
    if (tenant === undefined) {
      tenant = {
        name,
        bucket: new TokenBucket(this.#limits, this.#now()),
        streams: new KnownStreams(name, this.#limits, this.#messages, this.#ingesters.length)
      }
      this.#tenants.set(name, tenant)
    }
    return tenant
  }
}
