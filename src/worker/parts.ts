import { compress } from './compress.ts'
import type { Part } from '../types.ts'
import { type Arena, varintSize, writeVarint } from './arena.ts'
import { ByteBuffer } from './byte-buffer.ts'
import type { Stream } from './streams.ts'

/**
 * Turns the entries in the arena into parts: for each shard of each tenant a PushRequest (`0x0a length Stream { 0x0a length
 * labels, entries }` repeated), compressed as one snappy block. A part stays below `pushBytes` before compression; only an entry
 * that is larger by itself goes beyond, alone. A stream that Loki may turn away ends its part (Part.doubtful).
 */
export class PartWriter {
  readonly #pushBytes: number
  readonly #out: ByteBuffer
  #records = 0
  #parts: Part[] = []

  constructor (pushBytes: number) {
    this.#pushBytes = pushBytes
    this.#out = new ByteBuffer(pushBytes + 64 * 1024)
  }

  /** Writes out all entries of these streams, in order, and leaves the streams empty. */
  write (streams: Stream[], arena: Arena): Part[] {
    this.#parts = []
    this.#out.length = 0
    this.#records = 0
    // The known ones first, so that they share a part with the first doubtful one.
    const knownFirst = [...streams.filter(({ fresh }) => !fresh), ...streams.filter(({ fresh }) => fresh)]
    for (const lane of byLane(knownFirst)) {
      for (const stream of lane) {
        const doubtful = stream.fresh || stream.bytes > MUCH_BYTES
        this.#writeStream(stream, arena, doubtful)
        stream.clear()
      }
      this.#close(lane[0], false)
    }
    return this.#parts
  }

  #writeStream (stream: Stream, arena: Arena, doubtful: boolean): void {
    let first = stream.head
    let bytes = stream.bytes
    while (first >= 0) {
      const room = this.#pushBytes - this.#out.length - stream.labels.length - STREAM_HEAD
      if (bytes > room && this.#out.length > 0) {
        this.#close(stream, false)
        continue
      }
      let taken = bytes
      let last = -1
      if (bytes > room) {
        taken = 0
        for (let entry = first; entry >= 0; entry = arena.next[entry]) {
          const size = arena.end[entry] - arena.start[entry]
          if (taken > 0 && taken + size > room) break
          taken += size
          last = entry
        }
      }
      const rest = last < 0 ? -1 : arena.next[last]
      this.#writeEntries(stream, arena, first, rest, taken)
      bytes -= taken
      first = rest
      if (doubtful) this.#close(stream, true)
    }
  }

  /** One Stream message with the entries from `first` up to, not with, `rest`. */
  #writeEntries (stream: Stream, arena: Arena, first: number, rest: number, size: number): void {
    const out = this.#out
    const labels = stream.labels
    const length = 1 + varintSize(labels.length) + labels.length + size
    out.reserve(length + STREAM_HEAD)
    let at = out.length
    out.bytes[at++] = 0x0a
    at = writeVarint(out.bytes, at, length)
    out.bytes[at++] = 0x0a
    at = writeVarint(out.bytes, at, labels.length)
    out.bytes.set(labels, at)
    out.length = at + labels.length
    for (let entry = first; entry !== rest; entry = arena.next[entry]) {
      out.append(arena.bytes, arena.start[entry], arena.end[entry])
      this.#records++
    }
  }

  /** `doubtful`: see Part. */
  #close (stream: Stream, doubtful: boolean): void {
    const out = this.#out
    if (out.length === 0) return
    const body = compress(out.bytes.subarray(0, out.length))
    this.#parts.push({ tenant: stream.tenant, shard: stream.shard, body, rawBytes: out.length, records: this.#records, doubtful })
    out.length = 0
    this.#records = 0
  }
}

/** A stream with more than this in one batch may run into Loki's rate limit of a stream. */
const MUCH_BYTES = 64 * 1024

/** Tags and lengths in front of a stream's labels and of the stream itself. */
const STREAM_HEAD = 12

function byLane (streams: Stream[]): Stream[][] {
  const lanes = new Map<string, Map<number, Stream[]>>()
  for (const stream of streams) {
    let shards = lanes.get(stream.tenant)
    if (shards === undefined) lanes.set(stream.tenant, shards = new Map())
    const lane = shards.get(stream.shard)
    if (lane === undefined) shards.set(stream.shard, [stream])
    else lane.push(stream)
  }
  return [...lanes.values()].flatMap(shards => [...shards.values()])
}
