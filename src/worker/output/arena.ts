import type { EncoderSettings } from '../messages/settings.ts'
import type { Fields } from '../input/fields.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Stream } from '../streams/stream.ts'
import type { Timestamp } from '../input/timestamp.ts'
import { varintSize, writeVarint } from './varint.ts'

/** The longest value of structured metadata, in bytes. 24 of these are below Loki's limit of 64 KiB an entry. */
const MAX_METADATA_VALUE_BYTES = 2048
/** More bytes than an entry's tags and lengths can take, those of its metadata left out. */
const HEAD_ROOM = 64

/**
 * The entries of a batch, in the order of their records. The kernel writes each entry once, as a PushRequest has it.
 * The entries of a stream form a linked list. Between entries may lie values that `place` put there, because the batch
 * does not have them as they are.
 */
export class Arena {
  entries = 0
  /** By entry: its bytes, the next entry of its stream (-1: none), its time. */
  start = new Int32Array(4096)
  end = new Int32Array(4096)
  next = new Int32Array(4096)
  nanos = new Int32Array(4096)
  seconds = new Float64Array(4096)
  readonly kernel: Kernel
  /** How many names of metadata ordinary entries may have, and those that tell fields of their record. */
  readonly #names: { ordinary: number, told: number }
  #withTold = false
  /** The most bytes that the metadata of one entry can take. */
  readonly #metadataRoom: number
  #begin = 0
  #at = 0

  constructor (settings: Pick<EncoderSettings, 'metadata'>, fields: Fields, kernel: Kernel) {
    this.kernel = kernel
    const metadata = settings.metadata.map(({ name, field }) => ({ name, slot: fields.slot(field) }))
    if (metadata.length > 0) metadata.push({ name: 'piece', slot: fields.piece })
    const ordinary = metadata.length
    if (ordinary > 0) {
      metadata.push({ name: 'address', slot: fields.address }, { name: 'original_timestamp', slot: fields.originalTimestamp })
      metadata.push(...fields.told)
    }
    this.#names = { ordinary, told: metadata.length }
    kernel.run.setMaxMetadataValue(MAX_METADATA_VALUE_BYTES)
    for (const { name, slot } of metadata) {
      const { at, length } = kernel.text(metadataHead(name))
      kernel.run.addMetadata(at, length, slot)
    }
    kernel.run.useMetadata(ordinary)
    this.#metadataRoom = metadata.reduce((sum, { name }) => sum + 4 * name.length + 32 + MAX_METADATA_VALUE_BYTES, 0)
  }

  /** Bytes in use. */
  get length (): number {
    return this.#at - this.#begin
  }

  /** The address behind the last byte in use. */
  get limit (): number {
    return this.#at
  }

  /** Forgets all entries. From now on the arena begins at `at`. */
  clear (at = this.#begin): void {
    this.#begin = this.#at = at
    this.entries = 0
  }

  /** The oldest time of an entry of the stream, in milliseconds. */
  oldestMs (stream: Stream): number {
    let oldest = Infinity
    for (let entry = stream.head; entry >= 0; entry = this.next[entry]!) {
      oldest = Math.min(oldest, this.seconds[entry]! * 1000 + this.nanos[entry]! / 1e6)
    }
    return oldest
  }

  /** Puts bytes into the kernel's memory, and returns their address. They stay until the arena is cleared. */
  place (bytes: Uint8Array): number {
    const at = this.#at
    this.#at += bytes.length
    this.kernel.reserve(this.#at)
    this.kernel.bytes.set(bytes, at)
    return at
  }

  /** Appends an entry with the line in `[start, end)` and the metadata of the fields, and links it to its stream. */
  append (stream: Stream, start: number, end: number, time: Timestamp): void {
    const { run } = this.kernel
    const told = stream.quarantine || stream.isShared
    if (told !== this.#withTold) {
      this.#withTold = told
      run.useMetadata(told ? this.#names.told : this.#names.ordinary)
    }
    const at = this.#at
    this.kernel.reserve(at + HEAD_ROOM + end - start + this.#metadataRoom)
    this.#at = run.writeEntry(at, start, end, time.seconds, time.nanos)
    this.#link(stream, at, time)
  }

  #link (stream: Stream, start: number, time: Timestamp): void {
    const entry = this.entries++
    if (entry === this.start.length) this.#grow()
    this.start[entry] = start
    this.end[entry] = this.#at
    this.next[entry] = -1
    this.seconds[entry] = time.seconds
    this.nanos[entry] = time.nanos
    if (stream.tail < 0) stream.head = entry
    else this.next[stream.tail] = entry
    stream.tail = entry
    stream.bytes += this.#at - start
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
    this.nanos = larger(this.nanos)
    const seconds = new Float64Array(size)
    seconds.set(this.seconds)
    this.seconds = seconds
  }
}

/** The head of a LabelPair of structured metadata, up to its value: `0x0a length name 0x12`. */
function metadataHead (name: string): Uint8Array {
  const bytes = Buffer.from(name)
  const head = Buffer.alloc(1 + varintSize(bytes.length), 0x0a)
  writeVarint(head, 1, bytes.length)
  return Buffer.concat([head, bytes, Buffer.from([0x12])])
}
