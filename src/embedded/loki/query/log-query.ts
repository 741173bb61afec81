import { emptyRow, type EntryTable, type Row } from '../store/entry-table.ts'
import { labelText, type Label } from '../store/label-set.ts'
import type { LogQuery } from './logql-ast.ts'
import { rowLine, runStages, selectStreams } from './pipeline.ts'
import { mergedLabels } from './piped.ts'
import type { StoredStream } from '../store/stored-stream.ts'
import type { Store } from '../store/store.ts'

/** Times in ns since 1970, from `start`, inclusive, to `end`, exclusive. */
export interface LogRange {
  start: bigint
  end: bigint
  limit: number
  direction: 'forward' | 'backward'
  /** An entry is returned only where it is at least this many ns from the one before; 0 returns all. */
  interval: number
}

export interface LogLine {
  time: bigint
  line: string
  metadata: readonly Label[]
  parsed: readonly Label[]
}

export interface LogStream {
  labels: readonly Label[]
  lines: LogLine[]
}

export interface Scan {
  streams: LogStream[]
  /** The lines and bytes that were read, for the statistics. */
  linesRead: number
  bytesRead: number
}

const billion = 1_000_000_000n

/** The place in `rows` (sorted by time) of the first row at or after `time`. */
export function lowerBound (rows: Float64Array, table: EntryTable, time: bigint): number {
  const seconds = Number(time / billion)
  const nanos = Number(time % billion)
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (table.compareTime(rows[middle]!, seconds, nanos) < 0) low = middle + 1
    else high = middle
  }
  return low
}

interface Cursor {
  stream: StoredStream
  rows: Float64Array
  place: number
  /** One place beyond the last, in the direction of travel. */
  stop: number
}

/**
 * The first `limit` entries of the query in its direction, over all streams that it selects. The sorted rows of the
 * streams are merged, so that no more entries are read than needed. The entries are grouped by labels. Structured
 * metadata count among the labels, unless `categorize` leaves them at each line. What a stream holds twice is returned
 * once, but twice where two shards of it hold it.
 */
export function runLogQuery (store: Store, tenant: string, query: LogQuery, range: LogRange, categorize = false): Scan {
  const { table } = store
  const backward = range.direction === 'backward'
  const heap = new CursorHeap(table, backward)
  for (const stream of selectStreams(store, tenant, query.matchers)) {
    const rows = stream.sorted(table)
    const low = lowerBound(rows, table, range.start)
    const high = lowerBound(rows, table, range.end)
    if (low < high) heap.push({ stream, rows, place: backward ? high - 1 : low, stop: backward ? low - 1 : high })
  }
  const found = new Map<string, LogStream>()
  const row = emptyRow()
  const scan: Scan = { streams: [], linesRead: 0, bytesRead: 0 }
  const repeats = new Repeats(store.metadataTellsApart)
  let last: bigint | undefined
  for (let count = 0; count < range.limit && heap.size > 0;) {
    const { stream, rows, place } = heap.first
    table.read(rows[place]!, row)
    heap.advance()
    scan.linesRead++
    scan.bytesRead += row.lineEnd - row.lineStart
    const piped = runStages(query.stages, row, stream)
    if (piped === undefined) continue
    const time = BigInt(row.seconds) * billion + BigInt(row.nanos)
    if (repeats.seen(time, stream, row, piped.metadata)) continue
    if (range.interval > 0 && last !== undefined && (backward ? last - time : time - last) < BigInt(range.interval)) continue
    last = time
    count++
    const labels = categorize ? piped.stream : mergedLabels(piped)
    const key = labelText(labels)
    let group = found.get(key)
    if (group === undefined) found.set(key, group = { labels, lines: [] })
    group.lines.push({ time, line: rowLine(row), metadata: piped.metadata, parsed: piped.parsed })
  }
  scan.streams = [...found.values()]
  return scan
}

interface Returned { stream: StoredStream, line: Buffer, metadata: readonly Label[] }

/** The entries of one time, by which Loki's merge drops repeats: behind the stages, and within a stream. */
class Repeats {
  readonly #withMetadata: boolean
  #time: bigint | undefined
  #entries: Returned[] = []

  constructor (withMetadata: boolean) {
    this.#withMetadata = withMetadata
  }

  /** Whether an equal entry came before. Times must come in order. */
  seen (time: bigint, stream: StoredStream, row: Row, metadata: readonly Label[]): boolean {
    const line = row.buf.subarray(row.lineStart, row.lineEnd)
    if (time !== this.#time) this.#entries = []
    const equal = (one: Returned): boolean => one.stream === stream && one.line.equals(line) &&
      (!this.#withMetadata || labelText(one.metadata) === labelText(metadata))
    if (this.#entries.some(equal)) return true
    this.#time = time
    this.#entries.push({ stream, line, metadata })
    return false
  }
}

/** A binary heap of cursors. The cursor on top has the next entry: the oldest, or, backward, the newest. */
class CursorHeap {
  readonly #table: EntryTable
  readonly #sign: number
  readonly #cursors: Cursor[] = []

  constructor (table: EntryTable, backward: boolean) {
    this.#table = table
    this.#sign = backward ? -1 : 1
  }

  get size (): number {
    return this.#cursors.length
  }

  get first (): Cursor {
    return this.#cursors[0]!
  }

  push (cursor: Cursor): void {
    const cursors = this.#cursors
    let child = cursors.push(cursor) - 1
    while (child > 0) {
      const parent = (child - 1) >>> 1
      if (!this.#before(cursors[child]!, cursors[parent]!)) return
      this.#swap(child, parent)
      child = parent
    }
  }

  /** Moves the top cursor to its next entry, or removes it. */
  advance (): void {
    const cursors = this.#cursors
    const top = this.first
    top.place += this.#sign
    if (top.place === top.stop) {
      const last = cursors.pop()!
      if (cursors.length === 0) return
      cursors[0] = last
    }
    for (let parent = 0; ;) {
      let least = parent
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < cursors.length && this.#before(cursors[child]!, cursors[least]!)) least = child
      }
      if (least === parent) return
      this.#swap(least, parent)
      parent = least
    }
  }

  #before (a: Cursor, b: Cursor): boolean {
    return this.#sign * this.#table.compareRows(a.rows[a.place]!, b.rows[b.place]!) < 0
  }

  #swap (a: number, b: number): void {
    const cursors = this.#cursors
    const held = cursors[a]!
    cursors[a] = cursors[b]!
    cursors[b] = held
  }
}
