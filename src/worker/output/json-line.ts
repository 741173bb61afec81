import { isUtf8 } from 'node:buffer'
import { DERIVED, type Fields } from '../input/fields.ts'
import type { Kernel } from '../kernel/kernel.ts'

const NEWLINE = 0x0a

/**
 * The line of a record in JSON (LOKEAN_LINE): the record as it came, or its fields in JSON where it came in another
 * form, in pieces, or in JSON that had to be mended.
 */
export class JsonLine {
  readonly #fields: Fields
  readonly #kernel: Kernel
  /** The record as it came; undefined where it was not in JSON. */
  #record: Buffer | undefined

  constructor (fields: Fields, kernel: Kernel) {
    this.#fields = fields
    this.#kernel = kernel
  }

  /** The next record to be written came as this. */
  came (record: Buffer | undefined): void {
    this.#record = record
  }

  bytes (): Buffer {
    const record = this.#record
    if (record === undefined) return Buffer.from(JSON.stringify(this.#told()))
    const trimmed = record.at(-1) === NEWLINE ? record.subarray(0, -1) : record
    return isUtf8(trimmed) ? trimmed : Buffer.from(trimmed.toString())
  }

  #told (): Record<string, string> {
    const fields = this.#fields
    const told: Record<string, string> = {}
    for (const [slot, name] of fields.names.entries()) {
      if (fields.isEmpty(slot) || DERIVED.includes(name)) continue
      told[fields.keys[slot] ?? name] = this.#kernel.bytes.toString('utf8', fields.start(slot), fields.end(slot))
    }
    return told
  }
}
