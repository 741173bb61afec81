import type { Arrival, EntryTable } from './entry-table.ts'

/** Loki's `chunk_block_size`. */
export const blockBytes = 262_144
/** What a pair of structured metadata counts in a block, whatever its size. */
export const pairBytes = 8

/**
 * The block of a stream's present chunk that still takes entries in. Loki compares a new entry with those of this block
 * alone, and begins the next block when its lines and metadata reach 256 KiB. That a full chunk ends its last block
 * sooner is left out, as are idle and old chunks: Loki's queries merge what comes later with those.
 *
 * The entries are a set by open addressing. A slot holds the row's distance from the block's first row, plus one; 0 is
 * free. Rows that the table has dropped stay in their slots until the block ends.
 */
export class HeadBlock {
  #firstRow = 0
  #slots = new Uint32Array(16)
  #count = 0
  #bytes = 0

  /** The row of an entry that Loki takes for the same, or -1. */
  find (table: EntryTable, hash: number, arrival: Arrival, withMetadata: boolean): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const row = this.#firstRow + slots[slot]! - 1
      if (table.equals(row, hash, arrival, withMetadata)) return row
    }
    return -1
  }

  /** Adds a row that `find` did not find. Row numbers must ascend. */
  add (table: EntryTable, row: number, hash: number, lineBytes: number, metadataPairs: number): void {
    this.#bytes += lineBytes + metadataPairs * pairBytes
    if (this.#bytes >= blockBytes) return this.#cut()
    if (this.#count === 0) this.#firstRow = row
    if (++this.#count * 2 > this.#slots.length) this.#grow(table)
    this.#insert(hash, row)
  }

  #cut (): void {
    this.#slots.fill(0)
    this.#count = this.#bytes = 0
  }

  #insert (hash: number, row: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hash & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = row - this.#firstRow + 1
  }

  #grow (table: EntryTable): void {
    const before = this.#slots
    this.#slots = new Uint32Array(before.length * 2)
    for (const distance of before) {
      const row = this.#firstRow + distance - 1
      if (distance !== 0 && row >= table.first) this.#insert(table.hash(row), row)
    }
  }
}
