import { ByteBuffer, copyBytes } from './byte-buffer.ts'
import type { Stream } from './streams.ts'

/**
 * The entries of a batch in the order in which their records came, each written once, as the bytes of a PushRequest's
 * `Stream.entries` field (Loki's pkg/push/push.proto):
 *
 *     0x12 length { 0x0a length Timestamp { 0x08 seconds, 0x10 nanos }, 0x12 length line, (0x1a length LabelPair)* }
 *
 * The two lengths in front and the timestamp are known only when the rest is written, so room is left for the largest and
 * they are put right before the line, backwards: an entry begins wherever its head turned out to begin.
 */
export class Arena extends ByteBuffer {
  entries = 0
  /** By entry: its bytes, the next entry of its stream (-1 at the end), its line, its time. */
  start = new Int32Array(4096)
  end = new Int32Array(4096)
  next = new Int32Array(4096)
  lineStart = new Int32Array(4096)
  lineEnd = new Int32Array(4096)
  nanos = new Int32Array(4096)
  seconds = new Float64Array(4096)
  readonly #metadataRoom: number

  /** `metadataRoom`: the most that all metadata of one entry can take, in bytes. */
  constructor (capacity: number, metadataRoom: number) {
    super(capacity)
    this.#metadataRoom = metadataRoom
  }

  clear (): void {
    this.length = 0
    this.entries = 0
  }

  /** Leaves room for a whole entry with `size` bytes of line, and returns where the line goes. */
  beginLine (size: number): number {
    this.reserve(HEAD_ROOM + size + this.#metadataRoom)
    return this.length + HEAD_ROOM
  }

  /** Appends one LabelPair of structured metadata behind the line. `name` is what metadataName makes. */
  addMetadata (name: Uint8Array, source: Uint8Array, start: number, end: number): void {
    const bytes = this.bytes
    const value = end - start
    let at = this.length
    bytes[at++] = 0x1a
    at = writeVarint(bytes, at, name.length + varintSize(value) + value)
    for (let i = 0; i < name.length; i++) bytes[at++] = name[i]
    at = writeVarint(bytes, at, value)
    copyBytes(source, start, end, bytes, at)
    this.length = at + value
  }

  /** Puts the head before the line and links the entry to its stream. The metadata lies between `lineEnd` and `length`. */
  finish (stream: Stream, lineStart: number, lineEnd: number, seconds: number, nanos: number): void {
    const bytes = this.bytes
    let at = writeVarintBefore(bytes, lineStart, lineEnd - lineStart)
    bytes[--at] = 0x12
    const timestampEnd = at
    if (nanos !== 0) {
      at = writeVarintBefore(bytes, at, nanos)
      bytes[--at] = 0x10
    }
    at = writeVarintBefore(bytes, at, seconds)
    bytes[--at] = 0x08
    at = writeVarintBefore(bytes, at, timestampEnd - at)
    bytes[--at] = 0x0a
    at = writeVarintBefore(bytes, at, this.length - at)
    bytes[--at] = 0x12
    this.#link(stream, at, lineStart, lineEnd, seconds, nanos)
  }

  #link (stream: Stream, start: number, lineStart: number, lineEnd: number, seconds: number, nanos: number): void {
    const entry = this.entries++
    if (entry === this.start.length) this.#grow()
    this.start[entry] = start
    this.end[entry] = this.length
    this.next[entry] = -1
    this.lineStart[entry] = lineStart
    this.lineEnd[entry] = lineEnd
    this.seconds[entry] = seconds
    this.nanos[entry] = nanos
    if (stream.tail < 0) stream.head = entry
    else this.next[stream.tail] = entry
    stream.tail = entry
    stream.bytes += this.length - start
    stream.entries++
  }

  #grow (): void {
    const size = this.start.length * 2
    const larger = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(size)
      to.set(from)
      return to
    }
    this.start = larger(this.start)
    this.end = larger(this.end)
    this.next = larger(this.next)
    this.lineStart = larger(this.lineStart)
    this.lineEnd = larger(this.lineEnd)
    this.nanos = larger(this.nanos)
    const seconds = new Float64Array(size)
    seconds.set(this.seconds)
    this.seconds = seconds
  }
}

/** Tags and lengths in front of a line: 1+5 entry, 1+1 timestamp, 1+10 seconds, 1+5 nanos, 1+5 line. */
const HEAD_ROOM = 32

export function varintSize (value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5
}

/** Writes an unsigned number below 2^53 as a protobuf varint; returns where it ends. */
export function writeVarint (bytes: Uint8Array, at: number, value: number): number {
  while (value >= 0x80000000) {
    bytes[at++] = (value % 128) | 0x80
    value = Math.floor(value / 128)
  }
  while (value >= 0x80) {
    bytes[at++] = (value & 0x7f) | 0x80
    value >>>= 7
  }
  bytes[at++] = value
  return at
}

/** The same, ending at `end`; returns where it begins. */
function writeVarintBefore (bytes: Uint8Array, end: number, value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  writeVarint(bytes, end - size, value)
  return end - size
}

/** A name for `addMetadata`: the bytes of a LabelPair up to its value, `0x0a length name 0x12`. */
export function metadataName (name: string): Uint8Array {
  const bytes = Buffer.from(name)
  const head = Buffer.alloc(1 + varintSize(bytes.length), 0x0a)
  writeVarint(head, 1, bytes.length)
  return Buffer.concat([head, bytes, Buffer.from([0x12])])
}
