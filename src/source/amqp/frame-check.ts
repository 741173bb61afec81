import { LokeanError } from '../../errors.ts'

/** Levels of nested values. The frames of real buses have four or five. */
const MAX_DEPTH = 32

/**
 * Checks the performative of an AMQP or SASL frame (spec 2.3, 1.6) before rhea makes objects of it. rhea trusts the
 * lengths and counts in a frame: it allocates as many elements as a list claims to have, whatever its size in bytes. An
 * array of values without bytes (null, true, 0) may claim four billion. So all values must lie within the frame, and
 * all counts together must not exceed its length in bytes. Throws a LokeanError where they do.
 */
export function checkFrame (frame: Uint8Array): void {
  const start = 4 * frame[4]!
  if (start === frame.length) return
  if (start < 8 || start > frame.length) throw malformed(`data offset of ${start} bytes in a frame of ${frame.length}`)
  new Walk(frame).value(start, 0)
}

function malformed (what: string): LokeanError {
  return new LokeanError('LOKEAN_BUS', `malformed frame: ${what}`, { retryable: true })
}

class Walk {
  readonly #bytes: Uint8Array
  #elements = 0

  constructor (bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Checks the value at `at`, and returns where it ends. */
  value (at: number, depth: number): number {
    if (depth > MAX_DEPTH) throw malformed(`values more than ${MAX_DEPTH} deep`)
    const code = this.#need(at, 1)
    if (code === 0x00) return this.value(this.value(at + 1, depth + 1), depth + 1)
    return this.#content(code, at + 1, depth)
  }

  /** Checks the content of a value whose constructor `code` has been read, and returns where it ends. */
  #content (code: number, at: number, depth: number): number {
    switch (code >> 4) {
      case 0x4: return at
      case 0x5: return this.#end(at, 1)
      case 0x6: return this.#end(at, 2)
      case 0x7: return this.#end(at, 4)
      case 0x8: return this.#end(at, 8)
      case 0x9: return this.#end(at, 16)
      case 0xa: return this.#end(at + 1, this.#need(at, 1))
      case 0xb: return this.#end(at + 4, this.#need(at, 4))
      case 0xc: case 0xd: return this.#compound(at, code < 0xd0 ? 1 : 4, depth)
      case 0xe: case 0xf: return this.#array(at, code < 0xf0 ? 1 : 4, depth)
      default: throw malformed(`type 0x${code.toString(16)}`)
    }
  }

  #compound (at: number, width: 1 | 4, depth: number): number {
    const end = this.#end(at + width, this.#need(at, width))
    const count = this.#count(at + width, width)
    let next = at + 2 * width
    for (let i = 0; i < count; i++) next = this.value(next, depth + 1)
    if (next !== end) throw malformed('a list whose size and elements disagree')
    return end
  }

  #array (at: number, width: 1 | 4, depth: number): number {
    const end = this.#end(at + width, this.#need(at, width))
    const count = this.#count(at + width, width)
    let next = at + 2 * width
    for (let descriptors = 0; this.#need(next, 1) === 0x00; descriptors++) {
      if (descriptors > MAX_DEPTH) throw malformed(`values more than ${MAX_DEPTH} deep`)
      next = this.value(next + 1, depth + 1)
    }
    const code = this.#bytes[next++]!
    for (let i = 0; i < count; i++) next = this.#content(code, next, depth + 1)
    if (next !== end || depth > MAX_DEPTH) throw malformed('an array whose size and elements disagree')
    return end
  }

  #count (at: number, width: 1 | 4): number {
    const count = this.#need(at, width)
    this.#elements += count
    if (this.#elements > this.#bytes.length) throw malformed(`${this.#elements} elements in ${this.#bytes.length} bytes`)
    return count
  }

  /** The number in the `width` bytes at `at`. */
  #need (at: number, width: 1 | 4): number {
    const bytes = this.#bytes
    this.#end(at, width)
    return width === 1 ? bytes[at]! : ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  }

  #end (at: number, length: number): number {
    if (at + length > this.#bytes.length) throw malformed('a value that does not end within it')
    return at + length
  }
}
