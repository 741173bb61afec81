import type { Fields } from '../../src/worker/input/fields.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * A short form of the scanner before the kernel, in TypeScript, one byte at a time. The rules are the same: it takes
 * strings only, removes escapes in place, and first tries the key that came here last time. `from` and `to` hold the
 * span of each slot's value.
 */
export class ByteLoop {
  readonly from: Int32Array
  readonly to: Int32Array
  /** Not 0 where the scan saw a byte beyond ASCII. */
  beyond = 0
  readonly #keys: Buffer[]
  readonly #expected = new Int16Array(64).fill(-1)

  constructor ({ names }: Pick<Fields, 'names'>) {
    this.#keys = names.map(name => Buffer.from(name))
    this.from = new Int32Array(names.length)
    this.to = new Int32Array(names.length)
  }

  /** Returns false where JSON.parse has to decide. */
  scan (bytes: Uint8Array, start: number, end: number): boolean {
    this.from.fill(0)
    this.to.fill(0)
    let beyond = 0
    let at = skipSpace(bytes, start, end)
    if (bytes[at] !== 0x7b) return false
    for (let position = 0; ; position++) {
      at = skipSpace(bytes, at + 1, end)
      const key = at + 1
      if (at >= end || bytes[at] !== QUOTE) return false
      for (at = key; at < end && bytes[at] !== QUOTE; at++) {
        if (bytes[at] === BACKSLASH || bytes[at] < 0x20) return false
        beyond |= bytes[at]
      }
      const slot = this.#slotOf(bytes, key, at, position & 63)
      at = skipSpace(bytes, at + 1, end)
      if (bytes[at] !== 0x3a) return false
      at = skipSpace(bytes, at + 1, end)
      if (at >= end || bytes[at] !== QUOTE) return false
      const value = ++at
      let to = value
      for (; at < end && bytes[at] !== QUOTE; at++) {
        const byte = bytes[at]
        if (byte === BACKSLASH) {
          const stands = PLAIN[bytes[++at]]
          // The few \u escapes of a log are left out here.
          if (at >= end || stands === 0) return false
          bytes[to++] = stands
        } else if (byte < 0x20) return false
        else {
          beyond |= byte
          if (to !== at) bytes[to] = byte
          to++
        }
      }
      if (at >= end) return false
      if (slot >= 0) {
        this.from[slot] = value
        this.to[slot] = to
      }
      at = skipSpace(bytes, at + 1, end)
      if (bytes[at] === 0x7d) {
        this.beyond = beyond & 0x80
        return skipSpace(bytes, at + 1, end) === end
      }
      if (bytes[at] !== 0x2c) return false
    }
  }

  #slotOf (bytes: Uint8Array, start: number, end: number, position: number): number {
    const expected = this.#expected[position]
    if (expected >= 0 && equals(bytes, start, end, this.#keys[expected])) return expected
    const slot = this.#keys.findIndex(key => equals(bytes, start, end, key))
    this.#expected[position] = slot
    return slot
  }
}

/** The character for each letter behind a backslash. */
const PLAIN = new Uint8Array(256)
for (const [letter, byte] of [['"', 0x22], ['\\', 0x5c], ['/', 0x2f], ['b', 8], ['f', 12], ['n', 10], ['r', 13], ['t', 9]] as const) {
  PLAIN[letter.charCodeAt(0)] = byte
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
