/**
 * Reads AMQP 1.0 frames (spec 2.3) and their values (spec 1.6) from recorded bytes. It shares nothing with the library
 * that writes them. Throws at malformed bytes.
 */
export interface Frame {
  /** 0: AMQP, 1: SASL. */
  type: number
  channel: number
  /**
   * The performative: 0x10 open, 0x11 begin, 0x12 attach, 0x13 flow, 0x14 transfer, 0x15 disposition, ... Undefined in
   * an empty frame.
   */
  code?: number
  fields: Value[]
  payload: Buffer
  /** The whole frame. */
  bytes: Buffer
}

export type Value = null | boolean | number | bigint | string | Buffer | Value[] | { descriptor: Value, value: Value }

const HEADER = 'AMQP'

/** Reads the frames of `stream`. It skips protocol headers and an incomplete frame at the end. */
export function readFrames (stream: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at + 8 <= stream.length;) {
    if (stream.toString('latin1', at, at + 4) === HEADER) {
      at += 8
      continue
    }
    const size = stream.readUInt32BE(at)
    if (size < 8) throw new Error(`a frame of ${size} bytes`)
    if (at + size > stream.length) break
    frames.push(readFrame(stream.subarray(at, at + size)))
    at += size
  }
  return frames
}

function readFrame (bytes: Buffer): Frame {
  const start = bytes[4] * 4
  const head = { type: bytes[5], channel: bytes.readUInt16BE(6), bytes }
  if (start === bytes.length) return { ...head, fields: [], payload: Buffer.alloc(0) }
  const reader = new Reader(bytes, start)
  const performative = reader.value() as { descriptor: bigint, value: Value[] }
  return { ...head, code: Number(performative.descriptor), fields: performative.value, payload: bytes.subarray(reader.at) }
}

class Reader {
  readonly #bytes: Buffer
  at: number

  constructor (bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  value (): Value {
    const code = this.#bytes[this.at++]
    if (code !== 0x00) return this.#coded(code)
    const descriptor = this.value()
    return { descriptor, value: this.value() }
  }

  #coded (code: number): Value {
    switch (code) {
      case 0x40: return null
      case 0x41: return true
      case 0x42: return false
      case 0x43: return 0
      case 0x44: return 0n
      case 0x45: return []
      case 0x50: case 0x52: return this.#unsigned(1)
      case 0x53: return BigInt(this.#unsigned(1))
      case 0x54: return this.#take(1).readInt8()
      case 0x56: return this.#unsigned(1) === 1
      case 0x60: return this.#unsigned(2)
      case 0x70: return this.#unsigned(4)
      case 0x71: return this.#take(4).readInt32BE()
      case 0x80: return this.#take(8).readBigUInt64BE()
      case 0xa0: return this.#take(this.#unsigned(1))
      case 0xb0: return this.#take(this.#unsigned(4))
      case 0xa1: case 0xa3: return this.#take(this.#unsigned(1)).toString()
      case 0xb1: case 0xb3: return this.#take(this.#unsigned(4)).toString()
      case 0xc0: case 0xc1: return this.#compound(1)
      case 0xd0: case 0xd1: return this.#compound(4)
      case 0xe0: return this.#array(1)
      case 0xf0: return this.#array(4)
      default: throw new Error(`AMQP type 0x${code?.toString(16)} at byte ${this.at - 1}`)
    }
  }

  #compound (width: number): Value[] {
    const size = this.#unsigned(width)
    const end = this.at + size
    const count = this.#unsigned(width)
    const values = Array.from({ length: count }, () => this.value())
    if (this.at !== end) throw new Error(`a list said to end at ${end} ends at ${this.at}`)
    return values
  }

  #array (width: number): Value[] {
    const size = this.#unsigned(width)
    const end = this.at + size
    const count = this.#unsigned(width)
    const code = this.#bytes[this.at++]
    const values = Array.from({ length: count }, () => this.#coded(code))
    if (this.at !== end) throw new Error(`an array said to end at ${end} ends at ${this.at}`)
    return values
  }

  #unsigned (width: number): number {
    return this.#take(width).readUIntBE(0, width)
  }

  #take (length: number): Buffer {
    const end = this.at + length
    if (end > this.#bytes.length) throw new Error(`a value ends at ${end}, behind the frame's end at ${this.#bytes.length}`)
    const taken = this.#bytes.subarray(this.at, end)
    this.at = end
    return taken
  }
}

/** The fields of a disposition (spec 2.7.6). */
export interface Disposition { role: boolean, first: number, last: number, settled: boolean, outcome: number | undefined }

export function dispositions (stream: Buffer): Disposition[] {
  return readFrames(stream).filter(({ code }) => code === 0x15).map(({ fields: [role, first, last, settled, state] }) => ({
    role: role as boolean,
    first: first as number,
    last: (last ?? first) as number,
    settled: (settled ?? false) as boolean,
    outcome: state === null || state === undefined ? undefined : Number((state as { descriptor: bigint }).descriptor)
  }))
}
