/** A record that was sent and may still be looked for. */
interface Sent {
  /** In ms since the epoch. */
  at: number
  /** How often the store had it when it was looked for last. */
  times: number
  missing: boolean
}

/** What an answer of the store tells that was not known. */
export interface News {
  /** For each record that is there for the first time, the ms since it was sent. */
  delays: number[]
  /** How many of these had been missing. */
  late: number
  /** Records that are there twice, or more often. */
  doubled: number
  /** Records that should be there by now. */
  missing: number
}

/**
 * Which of the numbered records that were sent have been seen in the store. A record is missing where an answer that
 * was asked for `withinMs` after it was sent does not have it. It is looked for until it is there, but no longer than
 * `lookBackMs`; one that is there is looked for as long as `withinMs`, because it may come a second time.
 */
export class Sightings {
  readonly #withinMs: number
  readonly #lookBackMs: number
  readonly #sent = new Map<number, Sent>()

  constructor (withinMs: number, lookBackMs: number) {
    this.#withinMs = withinMs
    this.#lookBackMs = lookBackMs
  }

  send (number: number, at: number): void {
    this.#sent.set(number, { at, times: 0, missing: false })
  }

  /** How many records are neither there nor missing. */
  get waiting (): number {
    return [...this.#sent.values()].filter(({ times, missing }) => times === 0 && !missing).length
  }

  /** The time of the oldest record that is looked for; undefined where there is none. */
  get oldest (): number | undefined {
    const [first] = this.#sent.values()
    return first?.at
  }

  /** `numbers`: those that the store has, each as often as it has it. `asked`: when it was asked. */
  look (numbers: readonly number[], asked: number, now: number): News {
    const counts = new Map<number, number>()
    for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1)
    const news: News = { delays: [], late: 0, doubled: 0, missing: 0 }
    for (const [number, sent] of this.#sent) {
      const times = counts.get(number) ?? 0
      if (times > 0 && sent.times === 0) {
        news.delays.push(now - sent.at)
        if (sent.missing) news.late++
      }
      if (times > 1 && sent.times <= 1) news.doubled++
      sent.times = Math.max(sent.times, times)
      if (sent.times === 0 && !sent.missing && asked - sent.at >= this.#withinMs) {
        sent.missing = true
        news.missing++
      }
      if (asked - sent.at >= (sent.times === 0 ? this.#lookBackMs : this.#withinMs)) this.#sent.delete(number)
    }
    return news
  }
}
