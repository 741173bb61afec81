import { decodePush } from '../../../src/embedded/loki/push/push-decode.ts'
import { PushColumns } from '../../../src/embedded/loki/push/push-columns.ts'
import { blockBytes, pairBytes } from '../../../src/embedded/loki/store/head-block.ts'
import { snappyDecode, snappyLength } from '../../../src/embedded/loki/push/snappy-decode.ts'
import { NUMBER_BYTES } from '../load/message-pool.ts'

/** The fate of the records numbered 0 to `sent` - 1. */
export interface Tallied {
  /** The number of different records found. */
  stored: number
  missing: number
  /** Entries that Loki stores beside another entry of the same number, because stream, time or line differs. */
  doubled: number
  /** Entries that came again with equal stream, time and line. */
  repeated: number
  /** Those of them that a Loki stores again, as their block has ended. It is taken to divide no stream into shards. */
  storedTwice: number
  /** Entries that end in no number below `sent`, such as quarantined ones. */
  other: number
  streams: number
}

const ZERO = 0x30
const MARK = Buffer.from(' seq=')
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** One push, decoded by code that shares nothing with the encoder. It is valid until the next push is read. */
export class DecodedPush {
  readonly columns = new PushColumns()
  bytes = Buffer.alloc(0)

  read (body: Buffer): void {
    const { length, start } = snappyLength(body)
    if (length > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(length * 2)
    snappyDecode(body, start, this.bytes, 0, length)
    decodePush(this.bytes, 0, length, this.columns)
  }

  /** Returns the number at the end of entry `i`, or -1. */
  numberOf (i: number): number {
    const { bytes, columns } = this
    const end = columns.lineEnd[i]
    const start = end - NUMBER_BYTES
    if (start - MARK.length < columns.lineStart[i]) return -1
    for (let at = 0; at < MARK.length; at++) if (bytes[start - MARK.length + at] !== MARK[at]) return -1
    let number = 0
    for (let at = start; at < end; at++) {
      const digit = bytes[at] - ZERO
      if (digit < 0 || digit > 9) return -1
      number = number * 10 + digit
    }
    return number
  }
}

/** The block of a stream that takes entries in, and the number of the stream's last entry. */
interface OpenBlock { block: number, bytes: number, last: number }

/** Counts which record numbers the pushes of a run hold, and how often. */
export class PushTally {
  readonly #push = new DecodedPush()
  readonly #streams = new Map<string, OpenBlock>()
  /** By number: the block that stores the record, 0 for none, and a hash of its stream, time and line. */
  #blocks = new Int32Array(1024)
  #prints = new Int32Array(1024)
  #lastBlock = 0
  #storedTwice = 0
  #doubled = 0
  #repeated = 0
  #unnumbered = 0

  /** Returns the number of entries and of stream headings in a push. Throws where the push cannot be decoded. */
  add (body: Buffer): { entries: number, streams: number } {
    this.#push.read(body)
    const { columns, bytes } = this.#push
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let stream = 0; stream < columns.streams; stream++) {
      const open = this.#openOf(bytes.toString('latin1', columns.labelsStart[stream], columns.labelsEnd[stream]))
      const ofLabels = hash(FNV_OFFSET, view, columns.labelsStart[stream], columns.labelsEnd[stream])
      for (let entry = columns.firstEntry[stream]; entry < columns.firstEntry[stream + 1]; entry++) {
        const timed = Math.imul(ofLabels ^ columns.nanos[entry], FNV_PRIME) ^ columns.seconds[entry]
        const size = columns.lineEnd[entry] - columns.lineStart[entry] + columns.storedPairs[entry] * pairBytes
        this.#count(open, size, this.#push.numberOf(entry), hash(timed, view, columns.lineStart[entry], columns.lineEnd[entry]))
      }
    }
    return { entries: columns.entries, streams: columns.streams }
  }

  result (sent: number): Tallied {
    let stored = 0
    let beyond = 0
    for (let number = 0; number < this.#blocks.length; number++) {
      if (this.#blocks[number] === 0) continue
      if (number < sent) stored++
      else beyond++
    }
    return {
      stored,
      missing: sent - stored,
      doubled: this.#doubled,
      repeated: this.#repeated,
      storedTwice: this.#storedTwice,
      other: this.#unnumbered + beyond,
      streams: this.#streams.size
    }
  }

  #openOf (labels: string): OpenBlock {
    let open = this.#streams.get(labels)
    if (open === undefined) this.#streams.set(labels, open = { block: ++this.#lastBlock, bytes: 0, last: -1 })
    return open
  }

  #count (open: OpenBlock, size: number, number: number, print: number): void {
    if (number < 0) {
      this.#unnumbered++
      this.#store(open, size)
      return
    }
    if (number >= this.#blocks.length) this.#grow(number)
    const block = this.#blocks[number]
    if (block === 0) this.#prints[number] = print
    else if (this.#prints[number] !== print) this.#doubled++
    else {
      this.#repeated++
      const found = block === open.block || number === open.last
      open.last = number
      if (found) return
      this.#storedTwice++
    }
    this.#blocks[number] = open.block
    open.last = number
    this.#store(open, size)
  }

  #store (open: OpenBlock, size: number): void {
    open.bytes += size
    if (open.bytes < blockBytes) return
    open.block = ++this.#lastBlock
    open.bytes = 0
  }

  #grow (number: number): void {
    const length = 2 ** Math.ceil(Math.log2(number + 1))
    const blocks = new Int32Array(length)
    blocks.set(this.#blocks)
    this.#blocks = blocks
    const prints = new Int32Array(length)
    prints.set(this.#prints)
    this.#prints = prints
  }
}

/** FNV-1a of 32 bits, applied to words instead of bytes. */
function hash (from: number, bytes: DataView, start: number, end: number): number {
  let value = from | 0
  let at = start
  for (; at + 4 <= end; at += 4) {
    value = Math.imul(value ^ bytes.getInt32(at), FNV_PRIME)
    value ^= value >>> 15 // without this, the high bits would never reach the low ones
  }
  for (; at < end; at++) value = Math.imul(value ^ bytes.getUint8(at), FNV_PRIME)
  return value
}
