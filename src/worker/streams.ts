import type { EncoderSettings } from '../types.ts'
import { ABSENT, ARENA, type Fields, INPUT } from './fields.ts'
import { cutAt, formatLabels, hashBytes, isTenant, MAX_LABEL_VALUE_BYTES, shardOf } from './labels.ts'

/** One Loki stream, as long as the cache knows it, and the entries of the batch at hand that belong to it. */
export class Stream {
  /** The label string in UTF-8. */
  readonly labels: Uint8Array
  readonly tenant: string
  readonly shard: number

  /** First and last entry in the arena, as indexes; -1 while the stream has none. */
  head = -1
  tail = -1
  /** Bytes and number of those entries. */
  bytes = 0
  entries = 0

  /** Time of the newest record seen, and when the last batch with one came; both in ms since the epoch. */
  newestMs = -Infinity
  lastSeenMs = -Infinity
  /** Loki may not know the stream (any more): see Part.doubtful. Of the batch at hand. */
  fresh = true

  /** For Repeats: the message last seen, the newest time in it, its first entry, and its times and lines once needed. */
  message = -1
  newestSeconds = 0
  newestNanos = 0
  firstOfMessage = -1
  seen: Map<string, number> | undefined

  constructor (labels: string, tenant: string, shards: number) {
    this.labels = Buffer.from(labels)
    this.tenant = tenant
    this.shard = shardOf(labels, tenant, shards)
  }

  /** Forgets its entries, once they are written out. */
  clear (): void {
    this.head = this.tail = -1
    this.bytes = this.entries = 0
  }
}

/** `cuts`: label values of this key that had to be cut. */
interface Known { key: Uint8Array, hash: number, stream: Stream | Refusal, cuts: number, next: Known | undefined }
export type Refusal = 'no_labels' | 'bad_tenant'

/**
 * Above either of these the cache starts anew: streams come and go, and a hostile sender could name a new one in each record, with
 * values as long as a message may be.
 */
const MAX_KNOWN = 65536
const MAX_KNOWN_BYTES = 32 * 1024 * 1024

/**
 * From the bytes of a record's label fields to its stream, without making strings of them: a hash table whose keys are those
 * bytes, each value behind its length. Only a combination not seen before is decoded, cut and quoted.
 */
export class StreamCache {
  readonly #settings: EncoderSettings
  readonly #fields: Fields
  /** The slots that the labels and the tenant come from, each once. */
  readonly #slots: number[]
  readonly #tenantSlot: number
  readonly #labels: Array<{ name: string, slot: number }>
  readonly #table: Array<Known | undefined> = new Array(4096).fill(undefined)
  readonly #byLabels = new Map<string, Stream>()
  #known = 0
  #knownBytes = 0
  /** Label values that had to be cut of the record last asked about. */
  cuts = 0

  constructor (settings: EncoderSettings, fields: Fields) {
    this.#settings = settings
    this.#fields = fields
    this.#labels = settings.labels.map(({ name, field }) => ({ name, slot: fields.slot(field) }))
    this.#tenantSlot = settings.tenant.kind === 'field' ? fields.slot(settings.tenant.field) : -1
    this.#slots = [...new Set([...this.#labels.map(({ slot }) => slot), ...(this.#tenantSlot < 0 ? [] : [this.#tenantSlot])])]
  }

  /** The stream of the record whose fields are set, or why it can have none. */
  find (input: Uint8Array, side: Uint8Array, arena: Uint8Array): Stream | Refusal {
    const fields = this.#fields
    let hash = 0x811c9dc5
    for (const slot of this.#slots) {
      if (fields.kind[slot] !== ABSENT) hash = hashBytes(this.#buffer(slot, input, side, arena), fields.start[slot], fields.end[slot], hash)
      hash = Math.imul(hash ^ 0xff, 0x01000193)
    }
    hash >>>= 0
    const bucket = hash & (this.#table.length - 1)
    for (let known = this.#table[bucket]; known !== undefined; known = known.next) {
      if (known.hash === hash && this.#matches(known.key, input, side, arena)) {
        this.cuts = known.cuts
        return known.stream
      }
    }
    const known = this.#learn(hash, input, side, arena)
    this.cuts = known.cuts
    return known.stream
  }

  /** The stream for quarantined records; known by its label string alone. */
  quarantine (labels: string, tenant: string): Stream {
    return this.#canonical(labels, tenant)
  }

  /** To be called between batches, when no stream holds entries. */
  trim (): void {
    if (this.#known < MAX_KNOWN && this.#knownBytes < MAX_KNOWN_BYTES) return
    this.#table.fill(undefined)
    this.#byLabels.clear()
    this.#known = 0
    this.#knownBytes = 0
  }

  #buffer (slot: number, input: Uint8Array, side: Uint8Array, arena: Uint8Array): Uint8Array {
    const kind = this.#fields.kind[slot]
    return kind === INPUT ? input : kind === ARENA ? arena : side
  }

  #matches (key: Uint8Array, input: Uint8Array, side: Uint8Array, arena: Uint8Array): boolean {
    const fields = this.#fields
    let at = 0
    for (const slot of this.#slots) {
      const bytes = this.#buffer(slot, input, side, arena)
      const start = fields.kind[slot] === ABSENT ? 0 : fields.start[slot]
      const length = fields.kind[slot] === ABSENT ? 0 : fields.end[slot] - start
      if ((key[at] | (key[at + 1] << 8) | (key[at + 2] << 16) | (key[at + 3] << 24)) !== length) return false
      at += 4
      for (let i = 0; i < length; i++) if (key[at + i] !== bytes[start + i]) return false
      at += length
    }
    return true
  }

  #learn (hash: number, input: Uint8Array, side: Uint8Array, arena: Uint8Array): Known {
    const fields = this.#fields
    const key: Uint8Array[] = []
    const text = new Map<number, string>()
    const cut = new Set<number>()
    for (const slot of this.#slots) {
      const bytes = this.#buffer(slot, input, side, arena)
      const value = fields.kind[slot] === ABSENT ? new Uint8Array(0) : bytes.subarray(fields.start[slot], fields.end[slot])
      const length = Buffer.alloc(4)
      length.writeInt32LE(value.length)
      key.push(length, value)
      const end = cutAt(value, 0, value.length, MAX_LABEL_VALUE_BYTES)
      if (end < value.length) cut.add(slot)
      text.set(slot, Buffer.from(value.subarray(0, end)).toString())
    }
    const stream = this.#resolve(text)
    const cuts = this.#labels.filter(({ slot }) => cut.has(slot)).length
    const bucket = hash & (this.#table.length - 1)
    const known = { key: Buffer.concat(key), hash, stream, cuts, next: this.#table[bucket] }
    this.#table[bucket] = known
    this.#known++
    this.#knownBytes += known.key.length + (typeof stream === 'string' ? 0 : stream.labels.length)
    return known
  }

  #resolve (text: Map<number, string>): Stream | Refusal {
    const rule = this.#settings.tenant
    const tenant = rule.kind === 'none' ? '' : rule.kind === 'fixed' ? rule.tenant : text.get(this.#tenantSlot) ?? ''
    if (rule.kind === 'field' && !isTenant(tenant)) return 'bad_tenant'
    const labels = formatLabels(this.#labels.map(({ name, slot }) => [name, text.get(slot) ?? '']))
    if (labels === '{}') return 'no_labels'
    return this.#canonical(labels, tenant)
  }

  #canonical (labels: string, tenant: string): Stream {
    const key = `${tenant}\0${labels}`
    let stream = this.#byLabels.get(key)
    if (stream === undefined) {
      stream = new Stream(labels, tenant, this.#settings.shards)
      this.#byLabels.set(key, stream)
    }
    return stream
  }
}
