import { type Fields, INPUT, MESSAGE, SIDE } from './fields.ts'
import type { ByteBuffer } from './byte-buffer.ts'
import { escapeLength, unescapeString } from './unescape.ts'

/**
 * Finds the fields of one record in its bytes, in one pass and without making a string or an object of it.
 *
 * It takes what rsyslog's template writes: an object whose values are strings. Whatever else is JSON (numbers, nested values,
 * escapes in keys, surrogate pairs), and whatever is not, is left to JSON.parse (record-parse.ts): what is taken here is a
 * subset of what JSON.parse takes, with the same outcome, and the tests hold the two against each other.
 *
 * rsyslog writes the same keys in the same order each time, so the key that followed last time is tried first.
 */
export class RecordScanner {
  readonly #fields: Fields
  readonly #side: ByteBuffer
  /** By position in the record: the slot seen there last time, or -1 for a key nobody asked for. */
  readonly #expected = new Int16Array(64).fill(-1)
  /** Whether the message still holds escapes: it alone is left as it came, as it is unescaped straight into the arena. */
  messageEscaped = false

  constructor (fields: Fields, side: ByteBuffer) {
    this.#fields = fields
    this.#side = side
  }

  /** Fills the fields from `bytes[start, end)`, which must be valid UTF-8; false where JSON.parse has to look. */
  scan (bytes: Uint8Array, start: number, end: number): boolean {
    this.#fields.clear()
    this.messageEscaped = false
    let at = skipSpace(bytes, start, end)
    if (bytes[at] !== 0x7b) return false
    at = skipSpace(bytes, at + 1, end)
    for (let position = 0; ; position++) {
      if (at >= end || bytes[at] !== 0x22) return false
      const keyStart = ++at
      while (at < end && bytes[at] !== 0x22) {
        if (bytes[at] === 0x5c || bytes[at] < 0x20) return false
        at++
      }
      const keyEnd = at
      at = skipSpace(bytes, at + 1, end)
      if (bytes[at] !== 0x3a) return false
      at = skipSpace(bytes, at + 1, end)
      if (at >= end || bytes[at] !== 0x22) return false
      const valueStart = ++at
      let escaped = false
      for (; at < end; at++) {
        const byte = bytes[at]
        if (byte === 0x22) break
        if (byte === 0x5c) {
          const length = escapeLength(bytes, at, end)
          if (length === 0) return false
          escaped = true
          at += length - 1
        } else if (byte < 0x20) return false
      }
      if (at >= end) return false
      const slot = this.#slotOf(bytes, keyStart, keyEnd, position)
      if (slot >= 0 && !this.#take(bytes, slot, valueStart, at, escaped)) return false
      at = skipSpace(bytes, at + 1, end)
      if (at >= end) return false
      if (bytes[at] === 0x7d) break
      if (bytes[at] !== 0x2c) return false
      at = skipSpace(bytes, at + 1, end)
    }
    return skipSpace(bytes, at + 1, end) === end
  }

  #take (bytes: Uint8Array, slot: number, start: number, end: number, escaped: boolean): boolean {
    if (slot === MESSAGE) this.messageEscaped = escaped
    if (!escaped || slot === MESSAGE) {
      this.#fields.set(slot, INPUT, start, end)
      return true
    }
    const side = this.#side
    side.reserve(end - start)
    const from = side.length
    const to = unescapeString(bytes, start, end, side.bytes, from)
    if (to < 0) return false
    side.length = to
    this.#fields.set(slot, SIDE, from, to)
    return true
  }

  #slotOf (bytes: Uint8Array, start: number, end: number, position: number): number {
    const keys = this.#fields.keys
    const at = position & 63
    const expected = this.#expected[at]
    if (expected >= 0 && equals(bytes, start, end, keys[expected])) return expected
    for (let slot = 0; slot < keys.length; slot++) {
      if (equals(bytes, start, end, keys[slot])) {
        this.#expected[at] = slot
        return slot
      }
    }
    return -1
  }
}

function equals (bytes: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  if (end - start !== key.length) return false
  for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key[i]) return false
  return true
}

function skipSpace (bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09)) at++
  return at
}
