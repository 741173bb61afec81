import type { FoundEntry } from './found-entry.ts'
import type { Marks } from './marks.ts'
import type { Outcome } from './outcomes.ts'
import type { Tally } from './tally.ts'
import type { Replayed } from '../../source/replay/replay-source.ts'

/** An entry that is made a message again. */
export interface Item extends Replayed { readonly id: string, readonly entry: FoundEntry }

interface Options {
  outcomeOf: (item: Item) => Promise<Outcome>
  /** Undefined in a dry run. */
  marks: Pick<Marks, 'add'> | undefined
  tally: Tally
  /** The most bytes that may be delivered and not be marked yet: so much is sent again after a kill. */
  mostBytes: number
}

/** Marks what is replayed, in the order in which it is settled, and then counts it. */
export class Ledger {
  /** Rejects where marks cannot be stored. What is settled and not marked then is sent again by the next run. */
  readonly failed: Promise<never>
  /** Why it rejected. */
  error: Error | undefined
  readonly #options: Options
  #settled: Item[] = []
  #working: Promise<void> | undefined
  #bytes = 0
  #onRoom: () => void = () => {}
  #fail!: (error: Error) => void

  constructor (options: Options) {
    this.#options = options
    this.failed = new Promise((_resolve, reject) => {
      this.#fail = (error: Error) => {
        this.error ??= error
        reject(error)
      }
    })
    this.failed.catch(() => {})
  }

  /** Items are on their way. Resolves when more may be. */
  async began (items: readonly Item[]): Promise<void> {
    this.#bytes += bytesOf(items)
    while (this.#bytes > this.#options.mostBytes) await new Promise<void>(resolve => { this.#onRoom = resolve })
  }

  settled (items: readonly Item[]): void {
    this.#settled.push(...items)
    this.#working ??= this.#work().catch(this.#fail).finally(() => { this.#working = undefined })
  }

  /** Resolves when all that is settled is marked, or cannot be. */
  async idle (): Promise<void> {
    await this.#working
  }

  async #work (): Promise<void> {
    const { outcomeOf, marks, tally } = this.#options
    while (this.#settled.length > 0) {
      const items = this.#settled
      this.#settled = []
      const outcomes: Array<readonly [Item, Outcome]> = []
      for (const item of items) outcomes.push([item, await outcomeOf(item)])
      const stored = outcomes.filter(([, { kind }]) => kind === 'stored')
      if (stored.length > 0) await marks?.add(stored.map(([{ id, address, entry: { tenant } }]) => ({ id, address, tenant })))
      for (const [{ entry }, outcome] of outcomes) tally.settled(entry, outcome)
      this.#bytes -= bytesOf(items)
      this.#onRoom()
    }
  }
}

function bytesOf (items: readonly Item[]): number {
  return items.reduce((sum, { message }) => sum + message.length, 0)
}
