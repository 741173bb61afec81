import { Refusal } from './refusal.ts'

export const malformed = (text: string): Refusal => new Refusal(400, text, 'malformed')
export const endsEarly = (): Refusal => malformed('unexpected EOF')

/**
 * Reads protobuf's wire format from a range of a buffer. The `end` of its message bounds every read. A read fails with
 * the text of Loki's answer. A varint may be as long as the format allows (10 bytes), even where fewer would do.
 */
export class WireReader {
  buf: Buffer
  pos = 0
  /** The number and the wire type of the last tag. */
  field = 0
  wireType = 0
  /** The last varint, as two unsigned 32-bit halves. */
  lo = 0
  hi = 0

  constructor (buf: Buffer = Buffer.alloc(0)) {
    this.buf = buf
  }

  varint (end: number): void {
    const buf = this.buf
    let lo = 0
    let hi = 0
    for (let shift = 0; ; shift += 7) {
      if (shift >= 64) throw malformed('proto: integer overflow')
      if (this.pos >= end) throw endsEarly()
      const byte = buf[this.pos++]!
      const bits = byte & 0x7f
      if (shift < 28) lo |= bits << shift
      else if (shift === 28) { lo |= bits << 28; hi |= bits >>> 4 } else hi |= bits << (shift - 32)
      if (byte < 0x80) break
    }
    this.lo = lo >>> 0
    this.hi = hi >>> 0
  }

  /** Reads a tag of `message` into `field` and `wireType`. */
  tag (end: number, message: string): void {
    const byte = this.pos < end ? this.buf[this.pos]! : 0x80
    if (byte >= 8 && byte < 0x80 && (byte & 7) !== 4) {
      this.pos++
      this.field = byte >>> 3
      this.wireType = byte & 7
      return
    }
    this.varint(end)
    this.field = (this.hi << 29) | (this.lo >>> 3)
    this.wireType = this.lo & 7
    if (this.wireType === 4) throw malformed(`proto: ${message}: wiretype end group for non-group`)
    if (this.field <= 0) {
      throw malformed(`proto: ${message}: illegal tag ${this.field} (wire type ${(BigInt(this.hi) << 32n) | BigInt(this.lo)})`)
    }
  }

  expect (wireType: number, field: string): void {
    if (this.wireType !== wireType) throw malformed(`proto: wrong wireType = ${this.wireType} for field ${field}`)
  }

  /** Reads a length, and returns where its field ends. That is never beyond `end`. */
  lengthEnd (end: number): number {
    const byte = this.pos < end ? this.buf[this.pos]! : 0x80
    let length = byte
    if (byte < 0x80) this.pos++
    else {
      this.varint(end)
      if (this.hi > 0x7fffffff) throw malformed('proto: negative length found during unmarshaling')
      length = this.hi * 0x100000000 + this.lo
    }
    if (length > end - this.pos) throw endsEarly()
    return this.pos + length
  }

  /** Skips the value of an unknown field, whose tag ends at `pos`. Groups nest. */
  skip (end: number): void {
    let depth = 0
    let wireType = this.wireType
    for (;;) {
      switch (wireType) {
        case 0: this.varint(end); break
        case 1: this.forward(8, end); break
        case 2: this.pos = this.lengthEnd(end); break
        case 3: depth++; break
        case 4: depth--; break
        case 5: this.forward(4, end); break
        default: throw malformed(`proto: illegal wireType ${wireType}`)
      }
      if (depth === 0) return
      this.varint(end)
      wireType = this.lo & 7
    }
  }

  private forward (bytes: number, end: number): void {
    if (bytes > end - this.pos) throw endsEarly()
    this.pos += bytes
  }
}
