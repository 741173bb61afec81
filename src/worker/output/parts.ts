import { compress } from './compress.ts'
import type { NewStream, Part } from '../messages/tasks.ts'
import type { Arena } from './arena.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { hashBytes } from '../streams/labels.ts'
import type { Stream } from '../streams/stream.ts'
import { varintSize, writeVarint } from './varint.ts'

/**
 * Makes parts of the entries in the arena. A part is a PushRequest for one shard of one tenant (`0x0a length Stream {
 * 0x0a length labels, entries }` repeated), compressed as one snappy block. A part is not larger than `pushBytes`
 * before compression, unless it holds one entry that is larger. A stream that Loki may reject has parts of its own
 * (Part.solo, Part.newStream).
 */
export class PartWriter {
  readonly #pushBytes: number
  readonly #kernel: Kernel
  readonly #newStream: (stream: Stream) => NewStream | undefined
  /** The part under construction lies behind the arena, in [#begin, #at). */
  #begin = 0
  #at = 0
  #records = 0
  #address = ''
  #parts: Part[] = []

  /** `newStream`: the same word of Part, for a stream that Loki may not know. */
  constructor (pushBytes: number, kernel: Kernel, newStream: (stream: Stream) => NewStream | undefined = () => undefined) {
    this.#pushBytes = pushBytes
    this.#kernel = kernel
    this.#newStream = newStream
  }

  /** Writes all entries of these streams, which come from `address`, in order. Leaves the streams empty. */
  write (address: string, streams: Stream[], arena: Arena): Part[] {
    this.#parts = []
    this.#address = address
    this.#begin = this.#at = arena.limit + BEHIND_ARENA
    this.#records = 0
    for (const shard of byPart(streams)) {
      for (const stream of shard) if (!isAlone(stream)) this.#writeStream(stream, arena)
      this.#close(shard[0]!)
      for (const stream of shard) if (isAlone(stream)) this.#writeAlone(stream, arena)
      for (const stream of shard) stream.clear()
    }
    return this.#parts
  }

  /** Writes parts with this stream only. */
  #writeAlone (stream: Stream, arena: Arena): void {
    const newStream = stream.isNewToLoki ? this.#newStream(stream) : undefined
    const solo = newStream === undefined || isDoubtful(stream)
    this.#writeStream(stream, arena, { solo, newStream, stream: hashBytes(stream.labels, 0, stream.labels.length) })
  }

  /** `alone`: what the parts of a stream that shares none have. */
  #writeStream (stream: Stream, arena: Arena, alone?: Alone): void {
    let first = stream.head
    let bytes = stream.bytes
    while (first >= 0) {
      const room = this.#pushBytes - (this.#at - this.#begin) - stream.labels.length - STREAM_HEAD
      if (bytes > room && this.#at > this.#begin) {
        this.#close(stream)
        continue
      }
      let taken = bytes
      let last = -1
      if (bytes > room) {
        taken = 0
        for (let entry = first; entry >= 0; entry = arena.next[entry]!) {
          const size = arena.end[entry]! - arena.start[entry]!
          if (taken > 0 && taken + size > room) break
          taken += size
          last = entry
        }
      }
      const rest = last < 0 ? -1 : arena.next[last]!
      this.#writeEntries(stream, arena, first, rest, taken)
      bytes -= taken
      first = rest
      if (alone !== undefined) this.#close(stream, alone)
    }
  }

  /** Writes one Stream message with the entries from `first` up to `rest`, which is not included. */
  #writeEntries (stream: Stream, arena: Arena, first: number, rest: number, size: number): void {
    const kernel = this.#kernel
    const labels = stream.labels
    const length = 1 + varintSize(labels.length) + labels.length + size
    kernel.reserve(this.#at + length + STREAM_HEAD)
    const { bytes, run } = kernel
    let at = this.#at
    bytes[at++] = 0x0a
    at = writeVarint(bytes, at, length)
    bytes[at++] = 0x0a
    at = writeVarint(bytes, at, labels.length)
    bytes.set(labels, at)
    at += labels.length
    for (let entry = first; entry !== rest; entry = arena.next[entry]!) {
      run.copy(at, arena.start[entry]!, arena.end[entry]!)
      at += arena.end[entry]! - arena.start[entry]!
      this.#records++
    }
    this.#at = at
  }

  /** Ends the part, and compresses it. */
  #close ({ tenant, shard, quarantine }: Stream, alone?: Alone): void {
    const rawBytes = this.#at - this.#begin
    if (rawBytes === 0) return
    const body = compress(this.#kernel.bytes.subarray(this.#begin, this.#at))
    this.#parts.push({ address: this.#address, tenant, shard, body, rawBytes, records: this.#records, solo: false, quarantine, ...alone })
    this.#at = this.#begin
    this.#records = 0
  }
}

type Alone = Pick<Part, 'solo' | 'newStream' | 'stream'>

function isAlone (stream: Stream): boolean {
  return stream.isNewToLoki || isDoubtful(stream)
}

/** Whether Loki may reject entries of the stream, whatever it knows of it. */
function isDoubtful (stream: Stream): boolean {
  return stream.mayBeLate || stream.bytes > SOLO_BYTES
}

/** The kernel may overwrite so many bytes behind an entry. */
const BEHIND_ARENA = 64

/** A stream with more bytes than this in one batch may exceed Loki's rate limit of a stream. */
const SOLO_BYTES = 64 * 1024

/** The most bytes that the tags and lengths of a Stream message and of its labels can take. */
const STREAM_HEAD = 12

/** Groups the streams whose entries may share a part: of one tenant and shard, all quarantined or none. */
function byPart (streams: Stream[]): Stream[][] {
  const tenants = new Map<string, Map<number, Stream[]>>()
  for (const stream of streams) {
    let shards = tenants.get(stream.tenant)
    if (shards === undefined) tenants.set(stream.tenant, shards = new Map<number, Stream[]>())
    const key = stream.quarantine ? ~stream.shard : stream.shard
    const group = shards.get(key)
    if (group === undefined) shards.set(key, [stream])
    else group.push(stream)
  }
  return [...tenants.values()].flatMap(shards => [...shards.values()])
}
