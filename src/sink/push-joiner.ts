import type { Part } from '../worker/messages/tasks.ts'
import { joinBlocks } from './join.ts'
import type { Attempt } from './shard-tools.ts'

/** A push of so many uncompressed bytes costs Loki little for each record. A larger part goes by itself. */
const ENOUGH_BYTES = 256 * 1024

interface Offer {
  parts: readonly Part[]
  rawBytes: number
  answer: (attempt: Attempt) => void
}

interface Options {
  /** Tries a push once. */
  push: (parts: readonly Part[], body: Uint8Array) => Promise<Pick<Attempt, 'answer' | 'endpoint'>>
  /** Uncompressed bytes that a push of the tenant may have at present. */
  limit: () => number
  /** A push of so many uncompressed bytes is large enough to go by itself. */
  enoughBytes?: number | undefined
}

/**
 * Joins what the shards of one tenant push at the same time, while it is small. Where little is to be done, a batch has
 * a small part for each shard: one push costs Loki, and this process, much less than one for each of them. What is
 * offered within one turn goes together. Each shard gets the answer for itself, so none waits for another's retries.
 *
 * Parts that Loki may refuse have to be pushed alone (Part.solo, Pending.solo), and are never joined.
 */
export class PushJoiner {
  readonly #options: Options
  readonly #enoughBytes: number
  #offers: Offer[] = []

  constructor (options: Options) {
    this.#options = options
    this.#enoughBytes = options.enoughBytes ?? ENOUGH_BYTES
  }

  /** The promise never rejects. `alone`: the parts may not share their push with others. */
  async push (parts: readonly Part[], alone: boolean): Promise<Attempt> {
    const rawBytes = parts.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
    if (alone || rawBytes >= this.#enoughBytes) return { ...await this.#try(parts), joined: false, rawBytes, first: true }
    return await new Promise(resolve => {
      if (this.#offers.length === 0) queueMicrotask(() => this.#flush())
      this.#offers.push({ parts, rawBytes, answer: resolve })
    })
  }

  #flush (): void {
    const offers = this.#offers
    this.#offers = []
    const most = Math.min(this.#enoughBytes, this.#options.limit())
    while (offers.length > 0) {
      const together: Offer[] = []
      let rawBytes = 0
      for (let offer; (offer = offers[0]) !== undefined && (together.length === 0 || rawBytes + offer.rawBytes <= most);) {
        together.push(offer)
        rawBytes += offer.rawBytes
        offers.shift()
      }
      void this.#try(together.flatMap(({ parts }) => parts)).then(attempt => {
        for (const [i, { answer }] of together.entries()) answer({ ...attempt, joined: together.length > 1, rawBytes, first: i === 0 })
      })
    }
  }

  async #try (parts: readonly Part[]): Promise<Pick<Attempt, 'answer' | 'endpoint'>> {
    return await this.#options.push(parts, joinBlocks(parts))
  }
}
