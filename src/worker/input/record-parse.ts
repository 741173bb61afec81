import type { Fields } from './fields.ts'
import type { QuarantineReason } from '../messages.ts'

/**
 * Reads the fields of a record with JSON.parse, where the scanner does not take it. A value that is no string becomes
 * its JSON text; null counts as absent. `place` puts the bytes of a value into the kernel's memory.
 *
 * Returns why the record cannot be read, or undefined where the fields are filled. A record that is no JSON keeps what
 * the scanner has found in front of the fault. A value may be nested so deeply that
 * JSON.stringify fails on it: such a record counts as invalid JSON.
 */
export function parseRecord (text: string, fields: Fields, place: (bytes: Uint8Array) => number): QuarantineReason | undefined {
  if (text.trim() === '') return 'empty'
  try {
    const record: unknown = JSON.parse(text)
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'not_object'
    fields.clear()
    setFields(record as Record<string, unknown>, fields, place)
    return undefined
  } catch {
    return 'invalid_json'
  }
}

function setFields (record: Record<string, unknown>, fields: Fields, place: (bytes: Uint8Array) => number): void {
  for (let slot = 0; slot < fields.names.length; slot++) {
    const name = fields.names[slot]!
    const value = Object.hasOwn(record, name) ? record[name] : null
    if (value === null) continue
    const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
    const start = place(bytes)
    fields.set(slot, start, start + bytes.length)
  }
}
