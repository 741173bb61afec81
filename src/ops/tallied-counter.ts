import { Counter } from 'prom-client'

interface Tally { count: number }

/** A counter for what is counted for each delivery: it adds up numbers, and gives them to prom-client when scraped. */
export class TalliedCounter {
  readonly metric: Counter
  readonly #tallies: Map<string, Tally>
  #last: string | undefined
  #lastTally: Tally = { count: 0 }

  /** `values`: those of the label that are there from the beginning. */
  constructor (name: string, help: string, label: string, values: readonly string[]) {
    const tallies = new Map(values.map(value => [value, { count: 0 }]))
    this.#tallies = tallies
    this.metric = new Counter<string>({
      name,
      help,
      labelNames: [label],
      registers: [],
      collect () {
        for (const [value, tally] of tallies) {
          this.inc({ [label]: value }, tally.count)
          tally.count = 0
        }
      }
    })
  }

  /** Mostly the value is that of the call before, and nothing has to be looked up. */
  add (value: string, count: number): void {
    if (value !== this.#last) this.#lastTally = this.#of(value)
    this.#lastTally.count += count
  }

  #of (value: string): Tally {
    const tally = this.#tallies.get(value) ?? { count: 0 }
    this.#tallies.set(value, tally)
    this.#last = value
    return tally
  }
}
