import type { Fields } from '../../src/worker/input/fields.ts'
import { hashBytes } from '../../src/worker/streams/labels.ts'

interface Known<T> { hash: number, values: readonly Buffer[], stands: T, next: Known<T> | undefined }

/** A short form of the stream table before the kernel, in TypeScript. It hashes and compares one byte at a time. */
export class ByteTable<T> {
  readonly #fields: Fields
  readonly #slots: readonly number[]
  readonly #buckets = new Array<Known<T> | undefined>(4096).fill(undefined)

  constructor (fields: Fields, slots: readonly number[]) {
    this.#fields = fields
    this.#slots = slots
  }

  /** Returns the value that was added for the present label fields. */
  find (bytes: Buffer): T | undefined {
    const hash = this.#hash(bytes)
    let known = this.#buckets[hash & (this.#buckets.length - 1)]
    while (known !== undefined && !(known.hash === hash && this.#matches(bytes, known.values))) known = known.next
    return known?.stands
  }

  add (bytes: Buffer, stands: T): T {
    const hash = this.#hash(bytes)
    const bucket = hash & (this.#buckets.length - 1)
    const values = this.#slots.map(slot => Buffer.from(bytes.subarray(this.#fields.start(slot), this.#fields.end(slot))))
    this.#buckets[bucket] = { hash, values, stands, next: this.#buckets[bucket] }
    return stands
  }

  #hash (bytes: Buffer): number {
    let hash: number | undefined
    for (const slot of this.#slots) {
      hash = Math.imul(hashBytes(bytes, this.#fields.start(slot), this.#fields.end(slot), hash) ^ 0xff, 0x01000193)
    }
    return (hash as number) >>> 0
  }

  #matches (bytes: Buffer, values: readonly Buffer[]): boolean {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      const start = this.#fields.start(this.#slots[i])
      if (value.length !== this.#fields.end(this.#slots[i]) - start) return false
      for (let at = 0; at < value.length; at++) if (value[at] !== bytes[start + at]) return false
    }
    return true
  }
}
