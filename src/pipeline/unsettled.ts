import type { Opened } from '../batch/batch.ts'

/** Since when each address has had a batch that is not settled, from its first delivery on. */
export class Unsettled {
  /** In the order in which they were opened. */
  readonly #open = new Map<string, Set<Opened>>()
  readonly #now: () => number

  /** `now`: a clock in ms that never goes back, that of `Opened`. */
  constructor (addresses: Iterable<string>, now: () => number = () => performance.now()) {
    this.#now = now
    for (const address of addresses) this.#open.set(address, new Set())
  }

  opened (address: string, opened: Opened): void {
    this.#open.get(address)?.add(opened)
  }

  /** The batch is settled, or dropped because its deliveries come again. */
  closed (address: string, opened: Opened): void {
    this.#open.get(address)?.delete(opened)
  }

  /** The age of the oldest batch of each address, in seconds; 0 where there is none. */
  * ages (): Generator<readonly [address: string, seconds: number]> {
    for (const [address, open] of this.#open) {
      const [oldest] = open
      yield [address, oldest === undefined ? 0 : (this.#now() - oldest.at) / 1000]
    }
  }
}
