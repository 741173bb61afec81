const segmentRows = 32_768

class Segment {
  readonly seconds = new Float64Array(segmentRows)
  readonly nanos = new Int32Array(segmentRows)
  readonly stream = new Int32Array(segmentRows)
  readonly chunk = new Int32Array(segmentRows)
  readonly entryStart = new Int32Array(segmentRows)
  readonly entryEnd = new Int32Array(segmentRows)
  readonly lineStart = new Int32Array(segmentRows)
  readonly lineEnd = new Int32Array(segmentRows)
  readonly hash = new Int32Array(segmentRows)
}

/** Memory with the decoded bytes of one large push or of many small ones. It lives as long as any of its rows. */
export class Chunk {
  readonly buf: Buffer
  readonly view: DataView
  used = 0
  rows = 0

  constructor (bytes: number) {
    this.buf = Buffer.allocUnsafeSlow(bytes)
    this.view = new DataView(this.buf.buffer, this.buf.byteOffset, bytes)
  }
}

/** An entry on its way in, as offsets into its chunk. */
export interface Arrival {
  seconds: number
  nanos: number
  chunk: Chunk
  chunkNumber: number
  entryStart: number
  entryEnd: number
  lineStart: number
  lineEnd: number
}

/** One stored entry, as offsets into its chunk. Valid until the store changes. */
export interface Row {
  stream: number
  seconds: number
  nanos: number
  buf: Buffer
  entryStart: number
  entryEnd: number
  lineStart: number
  lineEnd: number
}

/**
 * All entries of the store in order of arrival, with 40 bytes of columns each. Row numbers begin at 0 and never change;
 * rows below `first` have been dropped. The bytes lie in chunks, which are freed with their last row.
 */
export class EntryTable {
  first = 0
  next = 0
  #segments: Segment[] = []
  #firstSegment = 0
  #chunks: Array<Chunk | undefined> = []
  #firstChunk = 0
  #shared: Chunk | undefined
  #sharedNumber = 0

  /**
   * Reserves memory for the decoded bytes of a push, from `chunk.used` on. A large push gets a chunk of its own, which
   * saves a copy.
   */
  reserve (bytes: number): { chunk: Chunk, number: number } {
    const own = bytes >= 262_144
    if (!own && this.#shared !== undefined && this.#shared.used + bytes <= this.#shared.buf.length) {
      return { chunk: this.#shared, number: this.#sharedNumber }
    }
    const chunk = new Chunk(own ? bytes : 1_048_576)
    const number = this.#firstChunk + this.#chunks.length
    this.#chunks.push(chunk)
    if (!own) {
      if (this.#shared?.rows === 0) this.#release(this.#sharedNumber)
      this.#shared = chunk
      this.#sharedNumber = number
    }
    return { chunk, number }
  }

  /** Ends what `reserve` began: keeps the bytes where a row points at them, else frees them. */
  settle (chunk: Chunk, number: number, bytes: number, stored: boolean): void {
    if (stored) chunk.used += bytes
    else if (chunk !== this.#shared) this.#release(number)
  }

  add (stream: number, hash: number, arrival: Arrival): number {
    const row = this.next++
    const i = row % segmentRows
    if (i === 0) this.#segments.push(new Segment())
    const segment = this.#segments[this.#segments.length - 1]!
    segment.seconds[i] = arrival.seconds
    segment.nanos[i] = arrival.nanos
    segment.stream[i] = stream
    segment.chunk[i] = arrival.chunkNumber
    segment.entryStart[i] = arrival.entryStart
    segment.entryEnd[i] = arrival.entryEnd
    segment.lineStart[i] = arrival.lineStart
    segment.lineEnd[i] = arrival.lineEnd
    segment.hash[i] = hash
    arrival.chunk.rows++
    return row
  }

  /** Drops the oldest row. Callers must read the row before. */
  dropFirst (): void {
    const number = this.#segment(this.first).chunk[this.first % segmentRows]!
    const chunk = this.#chunks[number - this.#firstChunk]!
    if (--chunk.rows === 0 && chunk !== this.#shared) this.#release(number)
    this.first++
    if (this.first % segmentRows === 0) {
      this.#segments.shift()
      this.#firstSegment++
    }
  }

  read (row: number, into: Row): Row {
    const segment = this.#segment(row)
    const i = row % segmentRows
    into.stream = segment.stream[i]!
    into.seconds = segment.seconds[i]!
    into.nanos = segment.nanos[i]!
    into.buf = this.#chunks[segment.chunk[i]! - this.#firstChunk]!.buf
    into.entryStart = segment.entryStart[i]!
    into.entryEnd = segment.entryEnd[i]!
    into.lineStart = segment.lineStart[i]!
    into.lineEnd = segment.lineEnd[i]!
    return into
  }

  hash (row: number): number {
    return this.#segment(row).hash[row % segmentRows]!
  }

  /** The size in bytes of an entry with its structured metadata, as pushed. */
  entryBytes (row: number): number {
    const segment = this.#segment(row)
    return segment.entryEnd[row % segmentRows]! - segment.entryStart[row % segmentRows]!
  }

  /** Below, equal to or above 0, as the row's time is to the given time. */
  compareTime (row: number, seconds: number, nanos: number): number {
    const segment = this.#segment(row)
    const i = row % segmentRows
    return segment.seconds[i]! - seconds || segment.nanos[i]! - nanos
  }

  compareRows (a: number, b: number): number {
    const segment = this.#segment(b)
    return this.compareTime(a, segment.seconds[b % segmentRows]!, segment.nanos[b % segmentRows]!) || a - b
  }

  /**
   * Whether the row is still there and has the time, the line and, if they count, the structured metadata of an
   * arrival. Metadata stand behind the line, and are equal where their bytes are, as those of a repeated push are.
   */
  equals (row: number, hash: number, arrival: Arrival, withMetadata: boolean): boolean {
    if (row < this.first) return false
    const segment = this.#segment(row)
    const i = row % segmentRows
    if (segment.hash[i] !== hash || segment.seconds[i] !== arrival.seconds || segment.nanos[i] !== arrival.nanos) return false
    const { chunk, lineStart, lineEnd, entryEnd } = arrival
    const start = segment.lineStart[i]!
    const end = withMetadata ? segment.entryEnd[i]! : segment.lineEnd[i]!
    const arrivalEnd = withMetadata ? entryEnd : lineEnd
    if (segment.lineEnd[i]! - start !== lineEnd - lineStart || end - start !== arrivalEnd - lineStart) return false
    return this.#chunks[segment.chunk[i]! - this.#firstChunk]!.buf.compare(chunk.buf, lineStart, arrivalEnd, start, end) === 0
  }

  #segment (row: number): Segment {
    return this.#segments[Math.floor(row / segmentRows) - this.#firstSegment]!
  }

  /** Frees a chunk. Empty places at the front of the list go with it, so that the list stays short. */
  #release (number: number): void {
    this.#chunks[number - this.#firstChunk] = undefined
    let gone = 0
    while (gone < this.#chunks.length && this.#chunks[gone] === undefined) gone++
    this.#chunks.splice(0, gone)
    this.#firstChunk += gone
  }
}

export const emptyRow = (): Row => {
  return { stream: 0, seconds: 0, nanos: 0, buf: Buffer.alloc(0), entryStart: 0, entryEnd: 0, lineStart: 0, lineEnd: 0 }
}
