/** How many places in front may stay empty before the rest is moved up. */
const SLACK = 256

/** A queue whose head costs the same to take off however long it is: an array's would be moved up each time. */
export class Fifo<T> {
  readonly #items: Array<T | undefined> = []
  #head = 0

  get length (): number {
    return this.#items.length - this.#head
  }

  /** The `index`th from the head; undefined behind the end. */
  at (index: number): T | undefined {
    return this.#items[this.#head + index]
  }

  push (item: T): void {
    this.#items.push(item)
  }

  /** Takes `count` off the head, and puts others in their place. */
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
