import { type EncoderSettings, type MendReason, type Part, QUARANTINE_REASONS, type QuarantineReason } from '../types.ts'
import { Arena, metadataName } from './arena.ts'
import type { ByteBuffer } from './byte-buffer.ts'
import { copyBytes } from './byte-buffer.ts'
import { DerivedFields } from './derived-fields.ts'
import { ABSENT, ARENA, type Fields, INPUT, MESSAGE, SIDE, TIMESTAMP } from './fields.ts'
import { cutAt, formatLabels } from './labels.ts'
import { PartWriter } from './parts.ts'
import { pieceEnds } from './pieces.ts'
import { Repeats } from './repeats.ts'
import { type Stream, StreamCache } from './streams.ts'
import { Timestamp } from './timestamp.ts'
import { unescapeString } from './unescape.ts'

/** Longest value of structured metadata, in bytes: 24 of these stay below Loki's 64 KiB an entry. */
const MAX_METADATA_VALUE_BYTES = 2048
/** Entries are turned into parts when this much has gathered, however large the message they came in. */
const FLUSH_BYTES = 8 * 1024 * 1024

/** Loki forgets a stream that gets nothing for a while (chunk_idle_period, 30 minutes, at the soonest): one unseen for this long counts as new. */
const FORGOTTEN_MS = 10 * 60 * 1000

interface Metadata { name: Uint8Array, slot: number }

/** Writes a record, whose fields have been found, as an entry of its stream; or in quarantine. Then hands out the parts. */
export class EntryWriter {
  readonly #settings: EncoderSettings
  readonly #fields: Fields
  readonly #side: ByteBuffer
  readonly #mend: (reason: MendReason) => void
  readonly #metadata: Metadata[]
  readonly #derived: DerivedFields
  readonly #arena: Arena
  readonly #streams: StreamCache
  readonly #repeats: Repeats
  readonly #parts: PartWriter
  readonly #time = new Timestamp()
  readonly #arrival = new Timestamp()
  #input: Uint8Array = new Uint8Array(0)
  #touched: Stream[] = []
  #arrivalMs = 0
  oldestMs = NaN

  constructor (settings: EncoderSettings, fields: Fields, side: ByteBuffer, mend: (reason: MendReason) => void) {
    this.#settings = settings
    this.#fields = fields
    this.#side = side
    this.#mend = mend
    this.#metadata = settings.metadata.map(({ name, field }) => ({ name: metadataName(name), slot: fields.slot(field) }))
    this.#derived = new DerivedFields(settings, fields, side)
    const room = settings.metadata.reduce((sum, { name }) => sum + name.length + 16 + MAX_METADATA_VALUE_BYTES, 256)
    this.#arena = new Arena(2 * settings.pushBytes, room)
    this.#streams = new StreamCache(settings, fields)
    this.#repeats = new Repeats(this.#arena)
    this.#parts = new PartWriter(settings.pushBytes)
  }

  /** What the side buffer holds below this is constant. */
  get sideStart (): number {
    return this.#derived.sideStart
  }

  get full (): boolean {
    return this.#arena.length >= FLUSH_BYTES
  }

  begin (input: Uint8Array, arrivalSeconds: number, arrivalNanos: number): void {
    this.#discard()
    this.#streams.trim()
    this.#input = input
    this.#arrival.seconds = arrivalSeconds
    this.#arrival.nanos = arrivalNanos
    this.#arrivalMs = arrivalSeconds * 1000 + arrivalNanos / 1e6
    this.oldestMs = NaN
  }

  /** What a batch that failed half-way has left behind: it will come again as a whole. */
  #discard (): void {
    for (const stream of this.#touched) stream.clear()
    this.#touched = []
    this.#arena.clear()
  }

  nextMessage (): void {
    this.#repeats.nextMessage()
  }

  /** Turns what has gathered into parts; in the middle of a message, what it has brought so far stays known to Repeats. */
  flush (midMessage: boolean): Part[] {
    if (midMessage) for (const stream of this.#touched) this.#repeats.remember(stream)
    const parts = this.#parts.write(this.#touched, this.#arena)
    this.#touched = []
    this.#arena.clear()
    return parts
  }

  /** Returns why the record must go to quarantine, 'unread' where its line needs JSON.parse, or undefined once it is written. */
  write (messageEscaped: boolean): QuarantineReason | 'unread' | undefined {
    const fields = this.#fields
    if (fields.kind[MESSAGE] === ABSENT) return 'no_message'
    if (fields.kind[TIMESTAMP] === ABSENT) return 'no_timestamp'
    if (!this.#time.parse(this.#buffer(TIMESTAMP), fields.start[TIMESTAMP], fields.end[TIMESTAMP])) return 'bad_timestamp'
    const timeMs = this.#time.seconds * 1000 + this.#time.nanos / 1e6
    if (timeMs < this.#arrivalMs - this.#settings.maxAgeMs || timeMs < 0) return 'too_old'
    if (timeMs > this.#arrivalMs + this.#settings.maxAheadMs) return 'too_new'

    const arena = this.#arena
    const from = fields.start[MESSAGE]
    const to = fields.end[MESSAGE]
    let lineStart = arena.beginLine(to - from)
    let lineEnd = lineStart + to - from
    if (messageEscaped) lineEnd = unescapeString(this.#buffer(MESSAGE), from, to, arena.bytes, lineStart)
    else copyBytes(this.#buffer(MESSAGE), from, to, arena.bytes, lineStart)
    if (lineEnd < 0) return 'unread'
    if (lineEnd > lineStart && arena.bytes[lineStart] === 0x20) lineStart++
    if (lineEnd > lineStart && arena.bytes[lineEnd - 1] === 0x0a) lineEnd--
    // Where a label or metadata is made of the message, it is made of the line: unescaped, whichever way the record was read.
    fields.set(MESSAGE, ARENA, lineStart, lineEnd)

    this.#derived.fill(this.#input, arena.bytes, lineStart, lineEnd)
    const stream = this.#streams.find(this.#input, this.#side.bytes, arena.bytes)
    if (typeof stream === 'string') return stream
    // Loki refuses these too, but says so only where the stream happens to be the last of a push.
    if (timeMs < stream.newestMs - this.#settings.maxDisorderMs) return 'too_late'
    if (timeMs > stream.newestMs) stream.newestMs = timeMs
    for (let i = 0; i < this.#streams.cuts; i++) this.#mend('label_cut')
    if (!(timeMs >= this.oldestMs)) this.oldestMs = timeMs
    if (lineEnd - lineStart > this.#settings.maxLineBytes) this.#writeLong(stream, Buffer.from(arena.bytes.subarray(lineStart, lineEnd)))
    else {
      this.#repeats.separate(stream, this.#time, lineStart, lineEnd)
      arena.length = lineEnd
      this.#addFields()
      this.#finish(stream, lineStart, lineEnd)
    }
    return undefined
  }

  /**
   * Stores `line` in the quarantine stream for its reason, at a time of arrival that no other entry has: the clock that gave
   * this batch its time keeps the nanoseconds after it free, one for each byte of the batch (ArrivalClock).
   */
  quarantine (reason: QuarantineReason, line: Uint8Array): void {
    const rule = this.#settings.tenant
    const tenant = rule.kind === 'none' ? '' : rule.kind === 'fixed' ? rule.tenant : this.#settings.quarantineTenant
    const stream = this.#streams.quarantine(QUARANTINE_LABELS[reason], tenant)
    const timed = this.#metadata.length > 0 && TIMED.has(reason)
    this.#writePieces(line, (lineStart, lineEnd) => {
      this.#time.seconds = this.#arrival.seconds
      this.#time.nanos = this.#arrival.nanos
      this.#arrival.advance(1)
      if (timed) this.#addOriginalTimestamp()
      this.#finish(stream, lineStart, lineEnd)
    })
  }

  /**
   * A line longer than Loki takes. Each piece lies a nanosecond or more behind the one before, wherever that ended up, so that they
   * stay in order and equal ones stay two.
   */
  #writeLong (stream: Stream, line: Uint8Array): void {
    this.#mend('line_split')
    this.#keepFromArena()
    this.#writePieces(line, (lineStart, lineEnd, piece) => {
      if (piece > 0) this.#time.advance(1)
      this.#repeats.separate(stream, this.#time, lineStart, lineEnd)
      this.#addFields()
      this.#finish(stream, lineStart, lineEnd)
    })
  }

  /**
   * Writes a line that lies outside the arena, whole or in pieces, and calls `finish` for each. Pieces are numbered by metadata
   * `piece="2/3"`, so that joined they are the line, byte for byte; where metadata is off, by `[2/3] ` in front.
   */
  #writePieces (line: Uint8Array, finish: (lineStart: number, lineEnd: number, piece: number) => void): void {
    const arena = this.#arena
    const inLine = this.#metadata.length === 0
    const limit = this.#settings.maxLineBytes
    const ends = line.length <= limit ? [line.length] : pieceEnds(line, limit - (inLine ? PIECE_PREFIX : 0))
    let from = 0
    for (const [piece, to] of ends.entries()) {
      const number = ends.length === 1 ? '' : `${piece + 1}/${ends.length}`
      const prefix = Buffer.from(inLine && number !== '' ? `[${number}] ` : '')
      const lineStart = arena.beginLine(prefix.length + to - from)
      arena.bytes.set(prefix, lineStart)
      copyBytes(line, from, to, arena.bytes, lineStart + prefix.length)
      arena.length = lineStart + prefix.length + to - from
      const lineEnd = arena.length
      if (!inLine && number !== '') arena.addMetadata(PIECE, Buffer.from(number), 0, number.length)
      finish(lineStart, lineEnd, piece)
      from = to
    }
  }

  /** Writing pieces overwrites what follows in the arena: fields that lie there go to the side buffer. */
  #keepFromArena (): void {
    const fields = this.#fields
    for (let slot = 0; slot < fields.names.length; slot++) {
      if (fields.kind[slot] !== ARENA) continue
      const start = this.#side.length
      this.#side.append(this.#arena.bytes, fields.start[slot], fields.end[slot])
      fields.set(slot, SIDE, start, this.#side.length)
    }
  }

  #addFields (): void {
    for (const { name, slot } of this.#metadata) {
      if (this.#fields.isEmpty(slot)) continue
      const source = this.#buffer(slot)
      const start = this.#fields.start[slot]
      const end = cutAt(source, start, this.#fields.end[slot], MAX_METADATA_VALUE_BYTES)
      if (end !== this.#fields.end[slot]) this.#mend('metadata_cut')
      this.#arena.addMetadata(name, source, start, end)
    }
  }

  /** Cut, because a fraction may have any number of digits. */
  #addOriginalTimestamp (): void {
    const source = this.#buffer(TIMESTAMP)
    const start = this.#fields.start[TIMESTAMP]
    this.#arena.addMetadata(ORIGINAL_TIMESTAMP, source, start, cutAt(source, start, this.#fields.end[TIMESTAMP], 64))
  }

  #finish (stream: Stream, lineStart: number, lineEnd: number): void {
    if (stream.head < 0) this.#touch(stream)
    this.#arena.finish(stream, lineStart, lineEnd, this.#time.seconds, this.#time.nanos)
  }

  #touch (stream: Stream): void {
    this.#touched.push(stream)
    if (stream.lastSeenMs === this.#arrivalMs) return
    stream.fresh = this.#arrivalMs - stream.lastSeenMs > FORGOTTEN_MS
    stream.lastSeenMs = this.#arrivalMs
  }

  #buffer (slot: number): Uint8Array {
    const kind = this.#fields.kind[slot]
    return kind === INPUT ? this.#input : kind === ARENA ? this.#arena.bytes : this.#side.bytes
  }
}

/** Room for `[1000/1000] ` in front of a piece. */
const PIECE_PREFIX = 16

/** Reasons that concern a time that could be read; it is kept as metadata. */
const TIMED = new Set<QuarantineReason>(['too_old', 'too_new', 'too_late'])

/** The quarantine stream of each reason. */
const QUARANTINE_LABELS = Object.fromEntries(QUARANTINE_REASONS.map(reason => [reason, formatLabels([['source', 'lokean'], ['quarantine', reason]])])) as Record<QuarantineReason, string>

const PIECE = metadataName('piece')
const ORIGINAL_TIMESTAMP = metadataName('original_timestamp')
