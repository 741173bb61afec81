import type { EncoderSettings, Mapping } from '../messages/settings.ts'
import { loadFormats } from '../formats/load.ts'
import type { Kernel } from '../kernel/kernel.ts'

/**
 * The slots that the program itself uses, numbered as in kernel/assembly/fields.ts. The other fields of the mappings
 * come behind them.
 */
export const TIMESTAMP = 0
export const MESSAGE = 1
export const HOST = 2
export const HOSTNAME = 3
const BUILT_IN = [
  '@timestamp', 'message', 'host', 'hostname', 'severity', 'tag',
  'level', 'pid', 'request_id', 'global_request_id', 'instance_id', 'file', 'source', 'facility', 'structured_data', 'msgid', 'procid'
]
/** The fields that are derived: from the line where its format has them, else from severity and tag. */
export const DERIVED = BUILT_IN.slice(6, 11)

/** What a route may ask for besides labels. */
const FIELDS = ['source', 'facility']
/** What metadata tells of quarantined records besides these fields. */
const TOLD_ANYHOW = ['address', 'original_timestamp', 'piece']
/** With the longest value in each, so many are below Loki's limit of 64 KiB an entry. */
const MAX_TOLD = 20

/**
 * The fields that metadata tells of a quarantined record: those of which labels are made, and the facility where a
 * route asks for it. A field of several labels is told once, by the name of the first.
 */
export function toldFields ({ labels, metadata, routes }: Pick<EncoderSettings, 'labels' | 'metadata' | 'routes'>): Mapping[] {
  if (metadata.length === 0) return []
  const first = labels.filter((label, i) => labels.findIndex(({ field }) => field === label.field) === i)
  const asked = routes.flatMap(({ when }) => when).filter(({ name }) => FIELDS.includes(name) && first.every(label => label.name !== name))
  const more = [...new Set(asked.map(({ name }) => name))].map(name => ({ name, field: name }))
  return [...more, ...first].filter(({ name }) => !TOLD_ANYHOW.includes(name)).slice(0, MAX_TOLD)
}

/**
 * The fields of one record. Each slot has the address of the first byte of its value, and of the byte behind its last.
 * All records share one object, one after the other.
 */
export class Fields {
  /** The names of the fields, by slot. More slots hold what the program adds to an entry. */
  readonly names: string[]
  /** The key of each field in JSON, by slot. */
  readonly keys: string[]
  readonly file: number
  readonly piece: number
  readonly originalTimestamp: number
  readonly address: number
  /** The fields told of a quarantined record: the slot `from` which the value is copied, and that of the copy. */
  readonly told: ReadonlyArray<{ name: string, from: number, slot: number }>
  readonly #slots: number
  readonly #kernel: Kernel
  readonly #word: number
  readonly #nuls: number

  constructor (
    settings: Pick<EncoderSettings, 'keys' | 'labels' | 'metadata' | 'tenant' | 'routes' | 'hostForm' | 'unescapeNewlines'>, kernel: Kernel
  ) {
    this.#kernel = kernel
    this.#word = kernel.run.fields.value / 4
    this.#nuls = kernel.run.nuls.value / 4
    const wanted = [...settings.labels, ...settings.metadata].map(mapping => mapping.field)
    if (settings.tenant.kind === 'field') wanted.push(settings.tenant.field)
    this.names = [...new Set([...BUILT_IN, ...wanted.filter(name => settings.keys.every(({ field }) => field !== name))])]
    this.keys = this.names.map(name => settings.keys.find(key => key.name === name)?.field ?? name)
    for (const key of this.keys) {
      const { at, length } = kernel.text(key)
      kernel.run.addKey(at, length)
    }
    loadFormats(kernel)
    kernel.run.setHostForm(settings.hostForm.short, settings.hostForm.lower)
    kernel.run.setUnescape(settings.unescapeNewlines)
    kernel.run.setWanted(wanted.some(name => DERIVED.includes(name)))
    this.file = this.slot('file')
    let slots = this.names.length
    this.piece = slots++
    this.originalTimestamp = slots++
    this.address = slots++
    this.told = toldFields(settings).map(({ name, field }) => ({ name, from: this.slot(field), slot: slots++ }))
    this.#slots = slots
    kernel.run.setSlots(slots)
  }

  /** The slot of a field, by its name or by its key in JSON. */
  slot (name: string): number {
    const slot = this.names.indexOf(name)
    return slot < 0 ? this.keys.indexOf(name) : slot
  }

  start (slot: number): number {
    return this.#kernel.words[this.#word + 2 * slot]!
  }

  end (slot: number): number {
    return this.#kernel.words[this.#word + 2 * slot + 1]!
  }

  set (slot: number, start: number, end: number): void {
    this.#kernel.words[this.#word + 2 * slot] = start
    this.#kernel.words[this.#word + 2 * slot + 1] = end
  }

  isAbsent (slot: number): boolean {
    return this.start(slot) === 0
  }

  /** An absent field counts as empty. */
  isEmpty (slot: number): boolean {
    return this.start(slot) === this.end(slot)
  }

  /** Whether a value may hold a NUL. */
  get mayHoldNuls (): boolean {
    return this.#kernel.words[this.#nuls] !== 0
  }

  set mayHoldNuls (value: boolean) {
    this.#kernel.words[this.#nuls] = Number(value)
  }

  clear (): void {
    for (let slot = 0; slot < this.#slots; slot++) this.set(slot, 0, 0)
    this.mayHoldNuls = false
  }
}
