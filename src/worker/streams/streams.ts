import { randomBytes } from 'node:crypto'
import type { CardinalityReport, NewStream } from '../messages/tasks.ts'
import type { EncoderSettings } from '../messages/settings.ts'
import { tenantAt } from '../messages/tenant-at.ts'
import { ActiveStreams } from './active-streams.ts'
import { type Fields, HOST, HOSTNAME } from '../input/fields.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { backlogLabels, backlogSpan } from './backlog.ts'
import { defaultRules, type LabelRules, rulesFor } from './label-rules.ts'
import { cutAt, formatLabels, isTenant, MAX_LABEL_VALUE_BYTES } from './labels.ts'
import { isHost, isTag, UNKNOWN } from './names.ts'
import { routeOf, type RouteRule } from './routes.ts'
import { NewestStreams } from './newest-streams.ts'
import { Stream } from './stream.ts'

/** What the label fields of a record lead to. `cuts`: how many label values had to be cut. */
interface CachedStream { stream: Stream | NoStreamReason, cuts: number }
/** Why a record can have no stream. */
export type NoStreamReason = 'no_labels' | 'bad_tenant' | 'too_many_streams'

/**
 * The cache is full with so many streams, or bytes of keys. It then forgets the streams that it has not needed since it
 * was last full. Streams come and go, and a hostile sender can name a new one in each record, with values as long as a
 * message. A key has no more bytes of a value than a label may have.
 */
const MAX_CACHED = 65536
const MAX_KEY_BYTES = 16 * 1024 * 1024
/** Loki knows a stream for much longer. */
const SHOW_MS = 60_000

/**
 * Finds the stream of a record from its label fields. The kernel finds it by the bytes of their values. Only values
 * that have not come together before are decoded, cut and quoted here.
 */
export class StreamCache {
  readonly #settings: EncoderSettings
  readonly #fields: Fields
  readonly #kernel: Kernel
  /** The slots from which labels and tenants come, each once. */
  readonly #slots: number[]
  /** By slot: whether a text can be the name that the field should hold. */
  readonly #names: ReadonlyMap<number, (text: string) => boolean>
  /**
   * The first holds for addresses without settings of their own. The index is the number of the origin in the kernel.
   */
  readonly #rulesByOrigin: LabelRules[]
  readonly #origins: Map<string, number>
  #rules: LabelRules
  /** By the number of the stream in the kernel. */
  #cached: CachedStream[] = []
  #full = false
  /** By tenant and labels. Young: needed since the cache was last full. Old: needed only before. */
  #young = new Map<string, Stream>()
  #old = new Map<string, Stream>()
  readonly #active: ActiveStreams | undefined
  readonly #newest = new NewestStreams()
  #reports: CardinalityReport[] = []
  /**
   * The present tick of ActiveStreams. Without ActiveStreams it stays -1, as in each stream, so that all are admitted.
   */
  #tick = -1
  /** How many backlog streams the streams know. */
  #backlogs = 0
  /** How many label values of the last record had to be cut. */
  cuts = 0

  constructor (settings: EncoderSettings, fields: Fields, kernel: Kernel, maxKeyBytes = MAX_KEY_BYTES) {
    this.#settings = settings
    this.#fields = fields
    this.#kernel = kernel
    const plain = defaultRules(settings, fields)
    this.#rulesByOrigin = [plain, ...settings.origins.map(origin => rulesFor(origin, plain, settings, fields))]
    this.#names = new Map([[HOST, isHost], [HOSTNAME, isHost], [fields.slot('source'), isTag]])
    this.#origins = new Map(settings.origins.map(({ address }, index) => [address, index + 1]))
    this.#rules = plain
    const routing = this.#rulesByOrigin.flatMap(({ routes }) => routes.flatMap(({ when }) => when))
    const keys = [...plain.labels, plain.tenant, ...routing].map(({ slot }) => slot)
    this.#slots = [...new Set(keys)].filter(slot => slot >= 0)
    if (settings.activeStreams !== undefined) this.#active = new ActiveStreams(settings.activeStreams)
    for (const slot of this.#slots) kernel.run.addKeySlot(slot)
    const table = kernel.allocate(4 * MAX_CACHED)
    kernel.run.setStreams(
      table, MAX_CACHED, kernel.allocate(maxKeyBytes), maxKeyBytes, MAX_LABEL_VALUE_BYTES, randomBytes(8).readBigInt64LE()
    )
  }

  /**
   * The stream of the record whose fields are set, or why it has none. `number` is what the kernel's table says of it.
   */
  find (number = this.#kernel.run.findStream()): Stream | NoStreamReason {
    const cached = number >= 0 ? this.#cached[number]! : this.#lookUp()
    this.cuts = cached.cuts
    return typeof cached.stream === 'string' || this.#isAdmitted(cached.stream) ? cached.stream : 'too_many_streams'
  }

  /**
   * The stream for a record that is too far behind `stream`; undefined where the settings want none, or the tenant may
   * have no more streams.
   */
  backlog (stream: Stream, timeMs: number): Stream | undefined {
    const { backlogLabel, maxDisorderMs } = this.#settings
    if (backlogLabel === undefined) return undefined
    const span = backlogSpan(timeMs, maxDisorderMs)
    const known = stream.backlog?.get(span)
    if (known !== undefined) return this.#isAdmitted(known) ? known : undefined
    const labels = Buffer.from(stream.labels).toString()
    const found = this.#intern(backlogLabels(labels, backlogLabel, span, maxDisorderMs), stream.tenant)
    if (found === undefined) return undefined
    found.isBacklog = true
    found.isShared = stream.isShared
    found.host = stream.host
    stream.backlog ??= new Map<number, Stream>()
    stream.backlog.set(span, found)
    if (++this.#backlogs === MAX_CACHED) this.#full = true
    return found
  }

  /** Learns from the other workers of the stream's newest record. */
  learnNewest (stream: Stream): void {
    if (this.#active !== undefined) stream.newestMs = Math.max(stream.newestMs, this.#active.newest.of(stream.slot) * 1000)
  }

  /** Tells the other workers of the stream's newest record, once a second at most. */
  tellNewest (stream: Stream): void {
    if (stream.newestMs < stream.toldMs + 1000) return
    stream.toldMs = Math.floor(stream.newestMs / 1000) * 1000
    this.#active?.newest.raise(stream.slot, stream.toldMs / 1000)
  }

  /** When Loki last knew the stream, as far as other workers and the sink have told, in ms since the epoch. */
  shownMs (stream: Stream): number {
    return this.#active === undefined ? 0 : this.#active.shown.of(stream.slot) * 1000
  }

  /** Tells the other workers that Loki still knows a stream that it has stored, once in SHOW_MS. */
  show (stream: Stream, nowMs: number): void {
    if (nowMs < stream.shownMs + SHOW_MS || this.shownMs(stream) === 0) return
    stream.shownMs = nowMs
    this.#active?.shown.raise(stream.slot, Math.floor(nowMs / 1000))
  }

  /** What the sink gets with a part that shows the stream to Loki. Undefined where the stream has no slot. */
  newStream (stream: Stream, safeUntilMs: number): NewStream | undefined {
    return this.#active === undefined || stream.slot < 0 ? undefined : { ...this.#active.placeOf(stream.slot), safeUntilMs }
  }

  /** The quarantine stream with these labels. It does not count as a stream of its tenant. */
  quarantine (labels: string, tenant: string): Stream {
    return this.#intern(labels, tenant, true)!
  }

  /** Where a route sends the record whose fields are set, though it may have no stream; undefined where none does. */
  route (): RouteRule['to'] | undefined {
    const { routes } = this.#rules
    if (routes.length === 0) return undefined
    const text = (slot: number): string => this.#kernel.bytes.toString('utf8', this.#fields.start(slot), this.#fields.end(slot))
    return routeOf(routes, slot => slot < 0 ? undefined : text(slot))
  }

  /** Begins a batch that came from `address`. No stream may have entries then. */
  begin (address: string): void {
    const origin = this.#origins.get(address) ?? 0
    this.#rules = this.#rulesByOrigin[origin]!
    this.#kernel.run.setOrigin(origin)
    if (this.#active !== undefined) this.#tick = this.#active.now
    if (this.#cached.length < MAX_CACHED && !this.#full) return
    this.#kernel.run.forgetStreams()
    this.#cached = []
    this.#full = false
    this.#old = this.#young
    this.#young = new Map()
    for (const stream of this.#old.values()) stream.backlog = undefined
    this.#backlogs = 0
  }

  /** Returns the tenants that were found to have too many streams since the last call. */
  takeCardinalityReports (): CardinalityReport[] {
    const reports = this.#reports
    if (reports.length > 0) this.#reports = []
    return reports
  }

  #lookUp (): CachedStream {
    const text = new Map<number, string>()
    const cut = new Set<number>()
    for (const slot of this.#slots) {
      const value = this.#kernel.bytes.subarray(this.#fields.start(slot), this.#fields.end(slot))
      const end = cutAt(value, 0, value.length, MAX_LABEL_VALUE_BYTES)
      if (end < value.length) cut.add(slot)
      text.set(slot, value.toString('utf8', 0, end))
    }
    const isOdd = this.#rules.labels.some(({ slot }) => !this.#isName(slot, text.get(slot) ?? ''))
    const { routes } = this.#rules
    const route = routes.length === 0 ? undefined : routeOf(routes, slot => text.get(slot))
    // What is no host and no source may be any words: each would make a stream.
    if (isOdd) {
      for (const slot of this.#names.keys()) {
        if ((text.get(slot) ?? '') !== '') text.set(slot, UNKNOWN)
        cut.delete(slot)
      }
    }
    const cached = { stream: this.#streamOf(text, route), cuts: this.#rules.labels.filter(({ slot }) => cut.has(slot)).length }
    if (isOdd && typeof cached.stream !== 'string') cached.stream.isShared = true
    // A stream over the limit is not cached: each record may have another one, and they would fill the cache.
    if (cached.stream === 'too_many_streams') return cached
    if (this.#kernel.run.addStream(this.#cached.length) === 0) this.#full = true
    else this.#cached.push(cached)
    return cached
  }

  /** An empty value is no label, and odd in no way. */
  #isName (slot: number, text: string): boolean {
    return text === '' || (this.#names.get(slot)?.(text) ?? true)
  }

  #streamOf (text: Map<number, string>, route: RouteRule['to'] | undefined): Stream | NoStreamReason {
    const { labels: named, hostLabels, tenant: { slot, value, path } } = this.#rules
    const name = route?.tenant ?? text.get(slot) ?? value
    if (slot >= 0 && !isTenant(name)) return 'bad_tenant'
    const tenant = tenantAt(name, route?.path ?? path)
    const format = (rules: LabelRules['labels']): string =>
      formatLabels(rules.map(({ name, slot, value }) => [name, text.get(slot) ?? value]))
    const labels = format(named)
    if (labels === '{}') return 'no_labels'
    const stream = this.#intern(labels, tenant)
    if (stream === undefined) return 'too_many_streams'
    const host = format(hostLabels)
    stream.host = host === '{}' ? '' : host
    return stream
  }

  /** Whether the stream is one that its tenant may have. An admitted stream stays admitted for the batch. */
  #isAdmitted (stream: Stream): boolean {
    if (stream.tick === this.#tick) return true
    const active = this.#active!
    const touch = active.touch(stream.tenant, stream.labels)
    if (touch !== 'known') {
      this.#newest.add(stream)
      const streams = active.tooMany(stream.tenant, touch)
      if (streams !== undefined) this.#reports.push(this.#newest.report(stream.tenant, streams))
    }
    if (touch === 'over_limit') return false
    if (touch === 'new') stream.toldMs = stream.shownMs = 0
    stream.tick = this.#tick
    stream.slot = active.slot
    return true
  }

  /** Returns the one Stream object for this tenant and these labels; undefined where the stream is over the limit. */
  #intern (labels: string, tenant: string, quarantine = false): Stream | undefined {
    const key = `${quarantine ? 'quarantine' : ''}\0${tenant}\0${labels}`
    const young = this.#young.get(key)
    const stream = young ?? this.#old.get(key) ?? new Stream(labels, tenant, this.#settings.shards, quarantine)
    if (!quarantine && !this.#isAdmitted(stream)) return undefined
    if (young === undefined) this.#young.set(key, stream)
    return stream
  }
}
