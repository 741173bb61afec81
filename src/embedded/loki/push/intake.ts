import type { Chunk } from '../store/entry-table.ts'
import { labelText, withServiceName } from '../store/label-set.ts'
import type { Store } from '../store/store.ts'
import type { LokiVersion } from '../version.ts'
import { Ingester, ingesterOf, type NamedStream } from './ingester.ts'
import { parseLabels } from './label-parser.ts'
import { defaultLimits, EntryWindow, labelProblem, TokenBucket, type Limits } from './limits.ts'
import { messagesOf, type Messages } from './messages.ts'
import { PushColumns } from './push-columns.ts'
import { decodePush } from './push-decode.ts'
import { GroupedRefusal, noRejects, Refusal } from './refusal.ts'

/** What a label text of pushes means, worked out once. */
interface KnownLabels extends NamedStream {
  problem: Refusal | undefined
  /** Whose the stream is. */
  ingester: number
}

interface Tenant {
  name: string
  bucket: TokenBucket
  /**
   * The key is the text as sent, with its bytes read as latin1: that costs no decoding, and is as unique as the bytes.
   */
  known: Map<string, KnownLabels>
}

const mostKnownLabels = 100_000

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
 * validate (faults refuse single entries), rate (refuses the whole push), then hand each ingester its share. One that
 * refuses its share speaks for the whole push, though the others have stored theirs.
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
  #accepted = new Uint8Array(256)

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
    for (const { known } of this.#tenants.values()) known.clear()
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
    }
  }

  #take (tenant: Tenant, chunk: Chunk, chunkNumber: number): void {
    const columns = this.#columns
    const nowMs = this.#now()
    if (columns.streams === 0) throw new Refusal(422, 'error at least one valid stream is required for ingestion')
    const streams: KnownLabels[] = []
    for (let i = 0; i < columns.streams; i++) streams.push(this.#labels(tenant, chunk.buf, columns.labelsStart[i]!, columns.labelsEnd[i]!))

    const invalid = new GroupedRefusal()
    const { lines, bytes } = this.#validate(streams, nowMs, invalid)
    if (lines === 0) return invalid.throwIfAny()
    if (!tenant.bucket.take(bytes, nowMs)) {
      this.rejected.rate_limited += lines
      throw new Refusal(429, this.#messages.rateLimited(tenant.name, this.#limits.rateBytes, lines, bytes))
    }
    const shares = this.#shares(streams)
    let outcome: Refusal | undefined
    for (const [i, places] of shares.entries()) {
      const refusal = places.length === 0
        ? undefined
        : this.#ingesters[i]!.push(tenant.name, { columns, accepted: this.#accepted, streams, places, chunk, chunkNumber })
      outcome ??= refusal
    }
    if (outcome !== undefined) throw outcome
    invalid.throwIfAny()
  }

  /** For each ingester the places in the push of its streams that have anything to store. */
  #shares (streams: readonly KnownLabels[]): number[][] {
    const shares: number[][] = this.#ingesters.map(() => [])
    streams.forEach(({ ingester }, place) => {
      if (this.#anyAccepted(place)) shares[ingester]!.push(place)
    })
    return shares
  }

  /** Marks in `#accepted` the entries that keep to the limits, and counts them. */
  #validate (streams: KnownLabels[], nowMs: number, invalid: GroupedRefusal): { lines: number, bytes: number } {
    const columns = this.#columns
    if (this.#accepted.length < columns.entries) this.#accepted = new Uint8Array(columns.entries * 2)
    const window = new EntryWindow(this.#limits, this.#messages, nowMs)
    let lines = 0
    let bytes = 0
    for (let i = 0; i < columns.streams; i++) {
      const { problem, text } = streams[i]!
      const from = columns.firstEntry[i]!
      const to = columns.firstEntry[i + 1]!
      if (problem !== undefined && to > from) {
        invalid.add(problem)
        this.rejected[problem.reason!] += to - from
      }
      for (let entry = from; entry < to; entry++) {
        this.#accepted[entry] = 0
        if (problem !== undefined) continue
        const lineBytes = columns.lineEnd[entry]! - columns.lineStart[entry]!
        const metadataBytes = columns.metadataBytes[entry]!
        const pairs = columns.metadataPairs[entry]!
        const fault = window.problem(columns.seconds[entry]!, columns.nanos[entry]!, lineBytes, pairs, metadataBytes, text)
        if (fault !== undefined) {
          invalid.add(fault)
          this.rejected[fault.reason!]++
          continue
        }
        this.#accepted[entry] = 1
        lines++
        bytes += lineBytes + metadataBytes
      }
    }
    return { lines, bytes }
  }

  #anyAccepted (i: number): boolean {
    const { firstEntry } = this.#columns
    for (let entry = firstEntry[i]!; entry < firstEntry[i + 1]!; entry++) if (this.#accepted[entry] === 1) return true
    return false
  }

  #labels (tenant: Tenant, buf: Buffer, start: number, end: number): KnownLabels {
    const key = buf.toString('latin1', start, end)
    let known = tenant.known.get(key)
    if (known === undefined) {
      const labels = withServiceName(parseLabels(buf.toString('utf8', start, end)))
      const text = labelText(labels)
      const problem = labelProblem(tenant.name, labels, this.#limits, this.#messages)
      known = { labels, text, problem, stream: undefined, ingester: ingesterOf(tenant.name, text, this.#ingesters.length) }
      if (tenant.known.size >= mostKnownLabels) tenant.known.clear()
      tenant.known.set(key, known)
    }
    return known
  }

  #tenant (name: string): Tenant {
    let tenant = this.#tenants.get(name)
    if (tenant === undefined) {
      tenant = { name, bucket: new TokenBucket(this.#limits, this.#now()), known: new Map() }
      this.#tenants.set(name, tenant)
    }
    return tenant
  }
}
