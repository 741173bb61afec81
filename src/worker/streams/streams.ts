import { randomBytes } from 'node:crypto'
import type { CardinalityReport, EncoderSettings, Origin } from '../messages.ts'
import { ActiveStreams } from './active-streams.ts'
import type { Fields } from '../input/fields.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { cutAt, formatLabels, isTenant, MAX_LABEL_VALUE_BYTES } from './labels.ts'
import { NewestStreams } from './newest-streams.ts'
import { Stream } from './stream.ts'

/** `cuts`: label values of it that had to be cut. */
interface Known { stream: Stream | NoStreamReason, cuts: number }
export type NoStreamReason = 'no_labels' | 'bad_tenant' | 'too_many_streams'

/** How the records of an origin come to their labels and their tenant: `slot` where a record's own field says it, -1 where it does not. */
interface Naming {
  labels: Array<{ name: string, slot: number, value: string }>
  tenant: { slot: number, value: string }
}

/**
 * Above either of these the cache forgets what it has not needed since it was last above them: streams come and go, and a hostile sender
 * could name a new one in each record, with values as long as a message may be. A key holds no more of a value than a label may have.
 */
const MAX_KNOWN = 65536
const MAX_KEY_BYTES = 16 * 1024 * 1024

/**
 * From a record's label fields to its stream. The kernel finds it by the bytes of their values; only a combination not seen before is
 * decoded, cut and quoted here.
 */
export class StreamCache {
  readonly #settings: EncoderSettings
  readonly #fields: Fields
  readonly #kernel: Kernel
  /** The slots that labels and tenants come from, each once. */
  readonly #slots: number[]
  /** The first is that of addresses that say nothing; the kernel knows the others' origins by their index. */
  readonly #namings: Naming[]
  readonly #origins: Map<string, number>
  #naming: Naming
  /** By the number under which the kernel knows it. */
  #known: Known[] = []
  #full = false
  /** By tenant and labels: those needed since the cache was last full, and those that were needed before. */
  #young = new Map<string, Stream>()
  #old = new Map<string, Stream>()
  readonly #active: ActiveStreams | undefined
  readonly #newest = new NewestStreams()
  #reports: CardinalityReport[] = []
  /** ActiveStreams' present one; without it, what every stream begins with. */
  #tick = -1
  /** Label values that had to be cut of the record last asked about. */
  cuts = 0

  constructor (settings: EncoderSettings, fields: Fields, kernel: Kernel, maxKeyBytes = MAX_KEY_BYTES) {
    this.#settings = settings
    this.#fields = fields
    this.#kernel = kernel
    const plain = namingOf(settings, fields)
    this.#namings = [plain, ...settings.origins.map(origin => namedBy(origin, plain))]
    this.#origins = new Map(settings.origins.map(({ address }, index) => [address, index + 1]))
    this.#naming = plain
    this.#slots = [...new Set([...plain.labels.map(({ slot }) => slot), plain.tenant.slot])].filter(slot => slot >= 0)
    if (settings.activeStreams !== undefined) this.#active = new ActiveStreams(settings.activeStreams)
    for (const slot of this.#slots) kernel.run.addKeySlot(slot)
    const table = kernel.allocate(4 * MAX_KNOWN)
    kernel.run.setStreams(table, MAX_KNOWN, kernel.allocate(maxKeyBytes), maxKeyBytes, MAX_LABEL_VALUE_BYTES, randomBytes(8).readBigInt64LE())
  }

  /** The stream of the record whose fields are set, or why it can have none. */
  find (): Stream | NoStreamReason {
    const number = this.#kernel.run.findStream()
    const known = number >= 0 ? this.#known[number]! : this.#learn()
    this.cuts = known.cuts
    return typeof known.stream === 'string' || this.#admits(known.stream) ? known.stream : 'too_many_streams'
  }

  /** The stream for quarantined records; known by its label string alone, and never one too many. */
  quarantine (labels: string, tenant: string): Stream {
    return this.#canonical(labels, tenant, true)!
  }

  /** To be called before each batch, when no stream holds entries. `address`: what the batch comes from. */
  begin (address: string): void {
    const origin = this.#origins.get(address) ?? 0
    this.#naming = this.#namings[origin]!
    this.#kernel.run.setOrigin(origin)
    if (this.#active !== undefined) this.#tick = this.#active.now
    if (this.#known.length < MAX_KNOWN && !this.#full) return
    this.#kernel.run.forgetStreams()
    this.#known = []
    this.#full = false
    this.#old = this.#young
    this.#young = new Map()
  }

  /** Tenants found to have too many streams since this was last asked. */
  takeCardinalityReports (): CardinalityReport[] {
    const reports = this.#reports
    if (reports.length > 0) this.#reports = []
    return reports
  }

  #learn (): Known {
    const text = new Map<number, string>()
    const cut = new Set<number>()
    for (const slot of this.#slots) {
      const value = this.#kernel.bytes.subarray(this.#fields.start(slot), this.#fields.end(slot))
      const end = cutAt(value, 0, value.length, MAX_LABEL_VALUE_BYTES)
      if (end < value.length) cut.add(slot)
      text.set(slot, value.toString('utf8', 0, end))
    }
    const known = { stream: this.#resolve(text), cuts: this.#naming.labels.filter(({ slot }) => cut.has(slot)).length }
    // Those that are refused are not remembered: there may be a new one in each record, and they would drive out the others.
    if (known.stream === 'too_many_streams') return known
    if (this.#kernel.run.addStream(this.#known.length) === 0) this.#full = true
    else this.#known.push(known)
    return known
  }

  #resolve (text: Map<number, string>): Stream | NoStreamReason {
    const { labels: named, tenant: { slot, value } } = this.#naming
    const tenant = text.get(slot) ?? value
    if (slot >= 0 && !isTenant(tenant)) return 'bad_tenant'
    const labels = formatLabels(named.map(({ name, slot, value }) => [name, text.get(slot) ?? value]))
    if (labels === '{}') return 'no_labels'
    return this.#canonical(labels, tenant) ?? 'too_many_streams'
  }

  /** Whether it is among the streams that its tenant may have. What it is once, it is for this batch. */
  #admits (stream: Stream): boolean {
    if (stream.tick === this.#tick) return true
    const active = this.#active!
    const touch = active.touch(stream.tenant, stream.labels)
    if (touch !== 'known') {
      this.#newest.add(stream)
      const streams = active.tooMany(stream.tenant, touch)
      if (streams !== undefined) this.#reports.push(this.#newest.report(stream.tenant, streams))
    }
    if (touch === 'over_limit') return false
    stream.tick = this.#tick
    return true
  }

  /** One object for each tenant and labels as long as it is needed; undefined where it is one too many. */
  #canonical (labels: string, tenant: string, quarantine = false): Stream | undefined {
    const key = `${tenant}\0${labels}`
    const young = this.#young.get(key)
    const stream = young ?? this.#old.get(key) ?? new Stream(labels, tenant, this.#settings.shards)
    if (!quarantine && !this.#admits(stream)) return undefined
    if (young === undefined) this.#young.set(key, stream)
    return stream
  }
}

function namingOf ({ labels, tenant: rule }: EncoderSettings, fields: Fields): Naming {
  return {
    labels: labels.map(({ name, field }) => ({ name, slot: fields.slot(field), value: '' })),
    tenant: rule.kind === 'field' ? { slot: fields.slot(rule.field), value: '' } : { slot: -1, value: rule.kind === 'fixed' ? rule.tenant : '' }
  }
}

function namedBy ({ labels, tenant }: Origin, { labels: others, tenant: otherwise }: Naming): Naming {
  return {
    labels: [...others.filter(other => labels.every(({ name }) => name !== other.name)), ...labels.map(label => ({ ...label, slot: -1 }))],
    tenant: tenant === undefined ? otherwise : { slot: -1, value: tenant }
  }
}
