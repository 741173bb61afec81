import type { EncodeTask, HostCount, Part } from '../messages/tasks.ts'
import type { MendReason } from '../messages/reasons.ts'
import type { EncoderSettings } from '../messages/settings.ts'
import { Arena } from './arena.ts'
import { EntryTimes } from './entry-times.ts'
import type { Fields } from '../input/fields.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { LoudHosts } from '../streams/loud-hosts.ts'
import { PartWriter } from './parts.ts'
import { piecesOf, prefixOf } from './pieces.ts'
import type { Stream } from '../streams/stream.ts'
import type { StreamCache } from '../streams/streams.ts'
import { Timestamp } from '../input/timestamp.ts'

/** So many bytes of entries are flushed to parts, even in the middle of a message. */
const FLUSH_BYTES = 8 * 1024 * 1024

/**
 * A stream without a record for this long counts as new to Loki. Loki forgets an idle stream after 30 minutes at the
 * earliest (chunk_idle_period).
 */
const FORGOTTEN_MS = 10 * 60 * 1000

/** The entries of a batch, by their streams, and the parts that are made of them. */
export class Entries {
  readonly #settings: EncoderSettings
  readonly #fields: Fields
  readonly #kernel: Kernel
  readonly #streams: StreamCache
  readonly #mend: (reason: MendReason, count: number) => void
  readonly #arena: Arena
  readonly #times: EntryTimes
  readonly #parts: PartWriter
  readonly #hosts = new LoudHosts()
  /** The time of each piece of a line. */
  readonly #time = new Timestamp()
  #touched: Stream[] = []
  #arrivalMs = 0

  constructor (
    settings: EncoderSettings, fields: Fields, kernel: Kernel, streams: StreamCache, mend: (reason: MendReason, count: number) => void
  ) {
    this.#settings = settings
    this.#fields = fields
    this.#kernel = kernel
    this.#streams = streams
    this.#mend = mend
    this.#arena = new Arena(settings, fields, kernel)
    this.#times = new EntryTimes(this.#arena)
    this.#parts = new PartWriter(settings.pushBytes, kernel, stream =>
      streams.newStream(stream, this.#arena.oldestMs(stream) + settings.maxDisorderMs - settings.maxAheadMs))
  }

  get full (): boolean {
    return this.#arena.length >= FLUSH_BYTES
  }

  /** Begins a batch. The kernel's memory is free from `at` on. Drops the entries of a batch that failed half-way. */
  begin (at: number, task: EncodeTask, arrivalMs: number): void {
    for (const stream of this.#touched) {
      stream.clear()
      stream.lastSeenMs = -Infinity
    }
    this.#touched = []
    this.#arena.clear(at)
    this.#times.begin(task)
    this.#arrivalMs = arrivalMs
  }

  nextMessage (): void {
    this.#times.nextMessage()
  }

  /** Puts bytes that the batch does not have as they are into the kernel's memory, and returns their address. */
  place (bytes: Uint8Array): number {
    return this.#arena.place(bytes)
  }

  /** Writes the line in `[start, end)` at `time` or the next free one; in pieces, where Loki takes none so long. */
  write (stream: Stream, start: number, end: number, time: Timestamp): void {
    if (end - start <= this.#settings.maxLineBytes) {
      this.#times.separate(stream, time)
      this.#append(stream, start, end, time)
      return
    }
    this.#mend('line_split', 1)
    const one = this.#time
    this.#writePieces(start, end, (start, end) => {
      // All pieces have the time of the record as their own: so each gets a later time than the piece before.
      one.set(time.seconds, time.nanos)
      this.#times.separate(stream, one)
      this.#append(stream, start, end, one)
    })
  }

  /** Writes a line in quarantine, and moves `arrival` on: each piece has a nanosecond of its own. */
  writeQuarantined (stream: Stream, start: number, end: number, arrival: Timestamp): void {
    const one = this.#time
    this.#writePieces(start, end, (start, end) => {
      one.set(arrival.seconds, arrival.nanos)
      arrival.advance(1)
      this.#append(stream, start, end, one)
    })
  }

  /** Makes parts of the entries. `atEnd`: the batch has no more. `oldestMs`: the oldest time of a record in it. */
  flush (atEnd: boolean, address: string, oldestMs: number): Part[] {
    if (!atEnd) {
      this.#times.leave(this.#touched)
      this.#kernel.run.settleNotes()
    }
    const late = this.#arrivalMs - this.#settings.maxDisorderMs
    for (const stream of this.#touched) {
      this.#streams.tellNewest(stream)
      this.#hosts.add(stream)
      // Mostly the batch has no old record: then no entry is looked at.
      stream.mayBeLate = oldestMs < late && !stream.quarantine && !stream.isBacklog && this.#arena.oldestMs(stream) < late
    }
    const parts = this.#parts.write(address, this.#touched, this.#arena)
    this.#touched = []
    this.#arena.clear()
    return parts
  }

  /** Which hosts had the most records since the last answer; mostly undefined. */
  takeLoudHosts (): HostCount[] | undefined {
    return this.#hosts.take(this.#arrivalMs)
  }

  /** Calls `write` for each piece of a line, or once for a line that is short enough (piecesOf). */
  #writePieces (start: number, end: number, write: (start: number, end: number) => void): void {
    const fields = this.#fields
    const prefixed = this.#settings.metadata.length === 0
    const pieces = piecesOf(this.#kernel.bytes.subarray(start, end), this.#settings.maxLineBytes, prefixed)
    for (const piece of pieces) {
      const [from, to] = [start + piece.start, start + piece.end]
      if (piece.number === undefined) write(from, to)
      else if (prefixed) {
        const at = this.place(Buffer.concat([Buffer.from(prefixOf(piece.number)), this.#kernel.bytes.subarray(from, to)]))
        write(at, this.#arena.limit)
      } else {
        const at = this.place(Buffer.from(piece.number))
        fields.set(fields.piece, at, at + piece.number.length)
        write(from, to)
      }
    }
  }

  #append (stream: Stream, start: number, end: number, time: Timestamp): void {
    if (stream.head < 0) this.#touch(stream)
    this.#arena.append(stream, start, end, time)
  }

  #touch (stream: Stream): void {
    this.#touched.push(stream)
    if (stream.lastSeenMs === this.#arrivalMs) return
    const forgottenMs = this.#arrivalMs - FORGOTTEN_MS
    // What others know of the stream is asked for seldom: most streams come again within a batch or two.
    stream.isNewToLoki = stream.lastSeenMs < forgottenMs && this.#streams.shownMs(stream) < forgottenMs
    stream.lastSeenMs = this.#arrivalMs
    if (!stream.isNewToLoki) this.#streams.show(stream, this.#arrivalMs)
  }
}
