import type { EncoderSettings } from '../messages.ts'
import type { Kernel } from '../kernel/kernel.ts'

/**
 * The slots that the program itself uses, numbered as in kernel/assembly/fields.ts. The other fields of the mappings
 * come behind them.
 */
export const TIMESTAMP = 0
export const MESSAGE = 1
const BUILT_IN = [
  '@timestamp', 'message', 'host', 'hostname', 'severity', 'tag',
  'level', 'pid', 'request_id', 'global_request_id', 'instance_id'
]
/** The fields that are derived: from the line where oslo.log wrote it, else from severity and tag. */
const DERIVED = BUILT_IN.slice(6)

/** Grafana's names for levels (`detected_level`). The kernel knows them by their index (kernel/assembly/levels.ts). */
export const LEVELS = ['critical', 'error', 'warning', 'info', 'debug'] as const

/**
 * The fields of one record. Each slot has the address of the first byte of its value, and of the byte behind its last.
 * All records share one object, one after the other.
 */
export class Fields {
  /**
   * The keys of a record, by slot. Two more slots, `piece` and `originalTimestamp`, hold what the program adds to an
   * entry.
   */
  readonly names: string[]
  readonly piece: number
  readonly originalTimestamp: number
  readonly #kernel: Kernel
  readonly #word: number

  constructor (settings: Pick<EncoderSettings, 'labels' | 'metadata' | 'tenant'>, kernel: Kernel) {
    this.#kernel = kernel
    this.#word = kernel.run.fields.value / 4
    const wanted = [...settings.labels, ...settings.metadata].map(mapping => mapping.field)
    if (settings.tenant.kind === 'field') wanted.push(settings.tenant.field)
    this.names = [...new Set([...BUILT_IN, ...wanted])]
    for (const name of this.names) {
      const { at, length } = kernel.text(name)
      kernel.run.addKey(at, length)
    }
    for (const level of LEVELS) {
      const { at, length } = kernel.text(level)
      kernel.run.addLevel(at, length)
    }
    kernel.run.setWanted(wanted.some(name => DERIVED.includes(name)))
    this.piece = this.names.length
    this.originalTimestamp = this.names.length + 1
    kernel.run.setSlots(this.names.length + 2)
  }

  slot (name: string): number {
    return this.names.indexOf(name)
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

  clear (): void {
    for (let slot = 0; slot < this.names.length + 2; slot++) this.set(slot, 0, 0)
  }
}
