/** So many deliveries are kept and forgotten together. A chunk of which one delivery stays is not large. */
const CHUNK = 64

interface Chunk<T> { readonly values: Array<T | undefined>, left: number }

/**
 * What is to be done when a delivery is settled, by its id. Ids count up by one, wrap at 2^32, and are settled in about
 * that order. A Map of single deliveries would be made anew again and again, and its old tables, which live long, would
 * keep what lived briefly.
 */
export class Unsettled<T> {
  readonly #chunks = new Map<number, Chunk<T>>()
  #newest: Chunk<T> | undefined
  #next = 0

  /** Returns the id. */
  add (value: T): number {
    const id = this.#next
    this.#next = (id + 1) >>> 0
    if (this.#newest === undefined || id % CHUNK === 0) {
      this.#newest = { values: new Array<T | undefined>(CHUNK), left: 0 }
      this.#chunks.set(Math.floor(id / CHUNK), this.#newest)
    }
    this.#newest.values[id % CHUNK] = value
    this.#newest.left++
    return id
  }

  /** What was added with the ids of these ranges, each once. */
  * takeAll (ranges: ReadonlyArray<readonly [first: number, last: number]>): Iterable<T> {
    for (const [first, last] of ranges) {
      for (let id = first; ; id = (id + 1) >>> 0) {
        const value = this.take(id)
        if (value !== undefined) yield value
        if (id === last) break
      }
    }
  }

  /** Returns what was added with the id, once. */
  take (id: number): T | undefined {
    const number = Math.floor(id / CHUNK)
    const chunk = this.#chunks.get(number)
    const value = chunk?.values[id % CHUNK]
    if (chunk === undefined || value === undefined) return undefined
    chunk.values[id % CHUNK] = undefined
    if (--chunk.left === 0 && chunk !== this.#newest) this.#chunks.delete(number)
    return value
  }
}
