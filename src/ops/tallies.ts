interface Tally { count: number }

/** Counts by a label's value. For what is counted for each delivery: mostly nothing has to be looked up. */
export class Tallies {
  readonly #tallies: Map<string, Tally>
  #last: string | undefined
  #lastTally: Tally = { count: 0 }

  /** `values`: those that are there from the beginning. */
  constructor (values: readonly string[]) {
    this.#tallies = new Map(values.map(value => [value, { count: 0 }]))
  }

  add (value: string, count: number): void {
    if (value !== this.#last) this.#lastTally = this.#of(value)
    this.#lastTally.count += count
  }

  /** Tells what was counted since the last call. */
  take (tell: (value: string, count: number) => void): void {
    for (const [value, tally] of this.#tallies) {
      tell(value, tally.count)
      tally.count = 0
    }
  }

  #of (value: string): Tally {
    const tally = this.#tallies.get(value) ?? { count: 0 }
    this.#tallies.set(value, tally)
    this.#last = value
    return tally
  }
}
