import type { Arrival, EntryTable } from './entry-table.ts'
import { HeadBlock } from './head-block.ts'
import { labelText, labelValue, type Label } from './label-set.ts'

/**
 * A hash of a line and its time, over 32-bit words. A collision costs only a comparison: equality is always checked.
 */
export function lineHash (view: DataView, start: number, end: number, seconds: number, nanos: number): number {
  let hash = Math.imul(seconds | 0, 0x9e3779b1) ^ Math.imul(nanos, 0x85ebca6b) ^ (end - start)
  let pos = start
  for (; pos + 4 <= end; pos += 4) {
    hash = Math.imul(hash ^ view.getInt32(pos, true), 0xcc9e2d51)
    hash = (hash << 15) | (hash >>> 17)
  }
  for (; pos < end; pos++) hash = Math.imul(hash ^ view.getUint8(pos), 0x1b873593)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0xc2b2ae35)
  return hash ^ (hash >>> 13)
}

/**
 * The rows of one stream in order of arrival, of which the first may be dropped, and what Loki compares a new entry
 * with.
 */
export class StoredStream {
  readonly tenant: string
  readonly number: number
  readonly labels: readonly Label[]
  readonly text: string
  readonly quarantine: boolean
  newestSeconds = -Infinity
  newestNanos = 0
  readonly #head = new HeadBlock()
  /** The row that the last entry has, or is equal to. Loki compares with it also when its block has ended. */
  #last = -1
  #lastHash = 0
  #rows = new Float64Array(8)
  #dropped = 0
  #count = 0
  #ordered = true
  #sorted: Float64Array | undefined

  constructor (tenant: string, number: number, labels: readonly Label[]) {
    this.tenant = tenant
    this.number = number
    this.labels = labels
    this.text = labelText(labels)
    this.quarantine = labelValue(labels, 'source') === 'lokean' && labelValue(labels, 'quarantine') !== undefined
  }

  get size (): number {
    return this.#count - this.#dropped
  }

  /** Whether Loki drops the entry as a repeat. */
  repeats (table: EntryTable, hash: number, arrival: Arrival, withMetadata: boolean): boolean {
    if (hash === this.#lastHash && this.#last >= 0 && table.equals(this.#last, hash, arrival, withMetadata)) return true
    const row = this.#head.find(table, hash, arrival, withMetadata)
    if (row < 0) return false
    this.#last = row
    this.#lastHash = hash
    return true
  }

  /** Adds the row of an entry that is no repeat. Row numbers must ascend. */
  add (table: EntryTable, row: number, hash: number, { seconds, nanos, lineStart, lineEnd }: Arrival, metadataPairs: number): void {
    if (this.#count === this.#rows.length) this.#makeRoom()
    this.#rows[this.#count++] = row
    this.#head.add(table, row, hash, lineEnd - lineStart, metadataPairs)
    this.#last = row
    this.#lastHash = hash
    this.#sorted = undefined
    if (seconds > this.newestSeconds || (seconds === this.newestSeconds && nanos >= this.newestNanos)) {
      this.newestSeconds = seconds
      this.newestNanos = nanos
    } else this.#ordered = false
  }

  /** Must be called when the table drops this stream's oldest row. */
  dropFirst (): void {
    this.#dropped++
    this.#sorted = undefined
  }

  /**
   * The rows by time, and by arrival where times are equal. They are sorted on demand, and kept until the stream
   * changes.
   */
  sorted (table: EntryTable): Float64Array {
    if (this.#sorted === undefined) {
      const rows = this.#rows.subarray(this.#dropped, this.#count)
      this.#sorted = this.#ordered ? rows : rows.slice().sort((a, b) => table.compareRows(a, b))
    }
    return this.#sorted
  }

  /** Moves the living rows to the front, and doubles the memory where they fill more than half. */
  #makeRoom (): void {
    const living = this.size
    const rows = new Float64Array(living * 2 > this.#rows.length ? this.#rows.length * 2 : this.#rows.length)
    rows.set(this.#rows.subarray(this.#dropped, this.#count))
    this.#rows = rows
    this.#dropped = 0
    this.#count = living
  }
}
