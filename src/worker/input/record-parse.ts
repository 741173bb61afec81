import { type Fields, TIMESTAMP } from './fields.ts'
import type { QuarantineReason } from '../messages/reasons.ts'

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
    setFields(record as Record<string, unknown>, text, fields, place)
    return undefined
  } catch {
    return 'invalid_json'
  }
}

function setFields (record: Record<string, unknown>, text: string, fields: Fields, place: (bytes: Uint8Array) => number): void {
  for (let slot = 0; slot < fields.keys.length; slot++) {
    const name = fields.keys[slot]!
    const value = Object.hasOwn(record, name) ? record[name] : null
    if (value === null) continue
    const exact = slot === TIMESTAMP && typeof value === 'number' ? digits(name, value, text) : undefined
    const bytes = Buffer.from(typeof value === 'string' ? value : exact ?? JSON.stringify(value))
    const start = place(bytes)
    fields.set(slot, start, start + bytes.length)
    if (bytes.includes(0)) fields.mayHoldNuls = true
  }
}

/** More than any time needs. */
const MOST_DIGITS = 64

/** The digits of a number as they were written: a double does not hold those of a time in nanoseconds. */
function digits (name: string, value: number, text: string): string | undefined {
  const key = `"${name}"`
  for (let at = text.lastIndexOf(key); at > 0; at = text.lastIndexOf(key, at - 1)) {
    const behind = at + key.length
    const [, written] = /^\s*:\s*(\d+(?:\.\d+)?)/.exec(text.slice(behind, behind + MOST_DIGITS)) ?? []
    if (written !== undefined && Number(written) === value) return written
  }
  return undefined
}
