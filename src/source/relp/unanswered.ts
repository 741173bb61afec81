import type { Held } from './held.ts'

/** So many bytes of a record tell most senders apart: its time and its host are among them. */
const KEY_BYTES = 128

/** A connection's records without an answer, by their numbers, in the order in which they came. */
export class Unanswered {
  readonly #held = new Map<number, Held>()
  #firstKey: number | undefined

  get size (): number {
    return this.#held.size
  }

  /** Of the first one, as `recordKey` makes it. */
  get firstKey (): number {
    if (this.#firstKey === undefined) {
      const [first] = this.#held.values()
      this.#firstKey = first === undefined ? 0 : recordKey(first.message, first.start, first.end)
    }
    return this.#firstKey
  }

  has (txnr: number): boolean {
    return this.#held.has(txnr)
  }

  add (held: Held): void {
    if (this.#held.size === 0) this.#firstKey = undefined
    this.#held.set(held.txnr, held)
  }

  delete (txnr: number): void {
    this.#held.delete(txnr)
    this.#firstKey = undefined
  }

  clear (): void {
    this.#held.clear()
    this.#firstKey = undefined
  }

  all (): Iterable<Held> {
    return this.#held.values()
  }
}

/** A number by which records that are not the same are told apart as a rule, without a comparison; never 0. */
export function recordKey (bytes: Uint8Array, start: number, end: number): number {
  let key = end - start
  for (let at = start, last = Math.min(end, start + KEY_BYTES); at < last; at++) key = Math.imul(key ^ (bytes[at] ?? 0), 0x01000193)
  return key | 1
}
