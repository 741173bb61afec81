/** The number of places in front that may be empty before the items move up. */
const SLACK = 256

/** A queue. To remove its head costs the same however long the queue is; an array would move all its items up. */
export class Fifo<T> {
  readonly #items: Array<T | undefined> = []
  #head = 0

  get length (): number {
    return this.#items.length - this.#head
  }

  /** The item `index` places behind the head; undefined beyond the end. */
  at (index: number): T | undefined {
    return this.#items[this.#head + index]
  }

  push (item: T): void {
    this.#items.push(item)
  }

  /** Removes `count` items at the head, and puts `items` in their place. */
  replace (count: number, items: readonly T[]): void {
    this.#items.fill(undefined, this.#head, this.#head + count)
    this.#head += count
    const tooFar = this.#head > SLACK && this.#head > this.#items.length / 2
    if (items.length === 0 && !tooFar) return
    this.#items.splice(0, this.#head, ...items)
    this.#head = 0
  }

  clear (): void {
    this.#items.length = this.#head = 0
  }
}
