import { Fifo } from './fifo.ts'
import type { Pending } from './shard-tools.ts'

/** The parts of a shard in their order, with the sum of their bytes. */
export class PartQueue {
  readonly #parts = new Fifo<Pending>()
  #bytes = 0

  get length (): number {
    return this.#parts.length
  }

  /** Compressed. */
  get bytes (): number {
    return this.#bytes
  }

  at (index: number): Pending | undefined {
    return this.#parts.at(index)
  }

  push (pending: Pending): void {
    this.#parts.push(pending)
    this.#bytes += pending.part.body.length
  }

  /** Puts others in the place of those at the head. */
  replace (head: readonly Pending[], replacement: readonly Pending[]): void {
    for (const { part } of head) this.#bytes -= part.body.length
    for (const { part } of replacement) this.#bytes += part.body.length
    this.#parts.replace(head.length, replacement)
  }

  clear (): void {
    this.#parts.clear()
    this.#bytes = 0
  }
}
