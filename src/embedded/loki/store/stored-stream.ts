import type { EntryTable } from './entry-table.ts'
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
 * The rows of one stream in order of arrival, and a set of their (time, line) pairs by open addressing. A slot of the
 * set holds a place in `#rows` plus one; 0 is free. Rows are dropped at the front. Their slots stay as tombstones until
 * the set is built again.
 */
export class StoredStream {
  readonly tenant: string
  readonly number: number
  readonly labels: readonly Label[]
  readonly text: string
  readonly quarantine: boolean
  newestSeconds = -Infinity
  newestNanos = 0
  #rows = new Float64Array(8)
  #dropped = 0
  #count = 0
  #slots = new Uint32Array(16)
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

  has (table: EntryTable, hash: number, seconds: number, nanos: number, buf: Buffer, lineStart: number, lineEnd: number): boolean {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const place = slots[slot]! - 1
      if (place < this.#dropped) continue
      const row = this.#rows[place]!
      if (table.hash(row) !== hash || table.compareTime(row, seconds, nanos) !== 0) continue
      if (table.lineEquals(row, buf, lineStart, lineEnd)) return true
    }
    return false
  }

  /** Adds a row that `has` did not find. Row numbers must ascend. */
  add (table: EntryTable, row: number, hash: number, seconds: number, nanos: number): void {
    if (this.#count === this.#rows.length) this.#makeRoom(table)
    this.#rows[this.#count] = row
    this.#insert(hash, this.#count++)
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

  #insert (hash: number, place: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hash & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = place + 1
  }

  /**
   * Moves the living rows to the front, doubles the memory where they fill more than half, and builds the set again, at
   * most half full.
   */
  #makeRoom (table: EntryTable): void {
    const living = this.size
    const length = living * 2 > this.#rows.length ? this.#rows.length * 2 : this.#rows.length
    const rows = new Float64Array(length)
    rows.set(this.#rows.subarray(this.#dropped, this.#count))
    this.#rows = rows
    this.#dropped = 0
    this.#count = living
    this.#slots = new Uint32Array(length * 2)
    for (let place = 0; place < living; place++) this.#insert(table.hash(rows[place]!), place)
  }
}
