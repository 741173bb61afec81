import { emptyRow, EntryTable, type Arrival, type Row } from './entry-table.ts'
import { IdTally, type Reconciliation } from './id-tally.ts'
import type { Label } from './label-set.ts'
import { lineHash, StoredStream } from './stored-stream.ts'

export interface StoreOptions {
  /** The most entries to keep. The oldest by arrival are dropped first. Default 5 million. */
  maxEntries?: number
  /** The most bytes of entries to keep. Default 1 GiB. */
  maxBytes?: number
  /** Whether entries of equal time and line are two where their metadata differ. Default false. */
  metadataTellsApart?: boolean
  /**
   * Before an entry is dropped for lack of room, it is searched for this marker and a number, so that `countIds` still
   * counts it.
   */
  countDropped?: string
  /**
   * Called with each entry that the store takes as new, during the call that adds it. `hash` is of its time and line.
   */
  onStored?: (stream: StoredStream, hash: number, buf: Buffer, lineStart: number, lineEnd: number) => void
}

/** An entry for a visitor. Valid only during the call. */
export interface StoredEntry extends Row {
  labels: StoredStream
}

const defaultMaxEntries = 5_000_000
const defaultMaxBytes = 1024 ** 3

/**
 * The entries of all tenants, in memory. An entry that repeats another is stored once where Loki would find that one:
 * in the head block of its stream. A dropped entry cannot be found.
 */
export class Store {
  readonly table = new EntryTable()
  /** Entries stored since the start, those ignored as repeats, and those dropped later for lack of room. */
  entries = 0
  duplicates = 0
  dropped = 0
  bytes = 0
  readonly metadataTellsApart: boolean
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #streams: StoredStream[] = []
  readonly #byTenant = new Map<string, Map<string, StoredStream>>()
  readonly #marker: Buffer | undefined
  readonly #tally = new Map<string, IdTally>()
  readonly #row = emptyRow()
  readonly #onStored: StoreOptions['onStored']
  readonly #watchers = new Set<() => void>()

  constructor (options: StoreOptions = {}) {
    this.#maxEntries = options.maxEntries ?? defaultMaxEntries
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes
    this.metadataTellsApart = options.metadataTellsApart ?? false
    this.#onStored = options.onStored
    this.#marker = options.countDropped === undefined ? undefined : Buffer.from(options.countDropped)
  }

  get streamCount (): number {
    return this.#streams.length
  }

  tenants (): string[] {
    return [...this.#byTenant.keys()]
  }

  streams (tenant: string): StoredStream[] {
    return [...this.#byTenant.get(tenant)?.values() ?? []]
  }

  streamsOf (tenant: string): number {
    return this.#byTenant.get(tenant)?.size ?? 0
  }

  stream (tenant: string, text: string): StoredStream | undefined {
    return this.#byTenant.get(tenant)?.get(text)
  }

  createStream (tenant: string, labels: readonly Label[]): StoredStream {
    const stream = new StoredStream(tenant, this.#streams.length, labels)
    this.#streams.push(stream)
    let streams = this.#byTenant.get(tenant)
    if (streams === undefined) this.#byTenant.set(tenant, streams = new Map<string, StoredStream>())
    streams.set(stream.text, stream)
    return stream
  }

  /** Stores an entry with so many pairs of metadata, unless it is a repeat. */
  add (stream: StoredStream, arrival: Arrival, metadataPairs: number): void {
    const { chunk, entryStart, entryEnd, lineStart, lineEnd } = arrival
    const hash = lineHash(chunk.view, lineStart, lineEnd, arrival.seconds, arrival.nanos)
    if (stream.repeats(this.table, hash, arrival, this.metadataTellsApart)) {
      this.duplicates++
      return
    }
    const row = this.table.add(stream.number, hash, arrival)
    stream.add(this.table, row, hash, arrival, metadataPairs)
    this.entries++
    this.bytes += entryEnd - entryStart
    this.#onStored?.(stream, hash, chunk.buf, lineStart, lineEnd)
  }

  /** Drops the oldest entries while there are too many. */
  trim (): void {
    while (this.table.next - this.table.first > this.#maxEntries || (this.bytes > this.#maxBytes && this.table.first < this.table.next)) {
      const row = this.table.read(this.table.first, this.#row)
      const stream = this.#streams[row.stream]!
      if (this.#marker !== undefined) this.#countDropped(row, stream, this.#marker)
      this.bytes -= row.entryEnd - row.entryStart
      this.dropped++
      stream.dropFirst()
      this.table.dropFirst()
    }
  }

  /** Calls `watcher` after each push, until the function that this returns is called. */
  watch (watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => { this.#watchers.delete(watcher) }
  }

  tellWatchers (): void {
    for (const watcher of this.#watchers) watcher()
  }

  /** Calls `visit` with every entry of a tenant (or of all), in order of arrival, from a row on. */
  forEach (visit: (entry: StoredEntry) => void, tenant?: string, from = 0): void {
    const entry: StoredEntry = { ...emptyRow(), labels: undefined as unknown as StoredStream }
    for (let row = Math.max(from, this.table.first); row < this.table.next; row++) {
      this.table.read(row, entry)
      entry.labels = this.#streams[entry.stream]!
      if (tenant === undefined || entry.labels.tenant === tenant) visit(entry)
    }
  }

  /**
   * Reads the number behind `marker` in every stored line, and compares the numbers with 0 ... expected - 1. Dropped
   * entries count only where the store was told `marker` before. Each byte is read once.
   */
  countIds (marker: string, options: { expected?: number, tenant?: string } = {}): Reconciliation {
    const bytes = Buffer.from(marker)
    const tenant = options.tenant ?? 'fake'
    const known = this.#marker !== undefined && this.#marker.equals(bytes) ? this.#tally.get(tenant) : undefined
    const tally = known?.copy() ?? new IdTally()
    const row = emptyRow()
    // The first place of the marker in the chunk from `searched` on. It serves many rows: most ascend.
    let buf: Buffer | undefined
    let searched = 0
    let hit = 0
    for (let number = this.table.first; number < this.table.next; number++) {
      this.table.read(number, row)
      const stream = this.#streams[row.stream]!
      if (stream.tenant !== tenant) continue
      if (row.buf !== buf || row.lineStart < searched || row.lineStart > hit) {
        buf = row.buf
        searched = row.lineStart
        hit = nextHit(buf, bytes, searched)
      }
      countLine(buf, row.lineStart, row.lineEnd, hit, bytes, stream.quarantine, tally)
    }
    return tally.result(options.expected)
  }

  #countDropped (row: Row, stream: StoredStream, marker: Buffer): void {
    let tally = this.#tally.get(stream.tenant)
    if (tally === undefined) this.#tally.set(stream.tenant, tally = new IdTally())
    const line = row.buf.subarray(row.lineStart, row.lineEnd)
    countLine(line, 0, line.length, nextHit(line, marker, 0), marker, stream.quarantine, tally)
  }
}

/**
 * Adds the number behind the first marker of the line that has one. `hit` is the first place of the marker from the
 * line on.
 */
function countLine (buf: Buffer, start: number, end: number, hit: number, marker: Buffer, quarantine: boolean, tally: IdTally): void {
  if (quarantine) tally.addQuarantined()
  while (hit >= start && hit + marker.length < end) {
    let id = 0
    let pos = hit + marker.length
    const first = pos
    for (; pos < end && buf[pos]! >= 48 && buf[pos]! <= 57; pos++) id = id * 10 + buf[pos]! - 48
    if (pos > first) {
      tally.add(id, quarantine)
      return
    }
    hit = nextHit(buf, marker, hit + 1)
  }
}

/** The next place of `marker`. Where there is none, a place beyond the end. */
function nextHit (buf: Buffer, marker: Buffer, from: number): number {
  const hit = buf.indexOf(marker, from)
  return hit < 0 ? Infinity : hit
}
