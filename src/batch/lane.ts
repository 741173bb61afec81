import type { Batch } from './batch.ts'
import { Pace } from './pace.ts'

/** A batch of this size gains little by more. */
const ENOUGH_BYTES = 256 * 1024
/** Who sends such a message has a backlog, and waits for us. */
const BACKLOG_BYTES = 16 * 1024
/** Where batches are smaller, nothing large is expected. */
const LITTLE_BYTES = 64 * 1024

/** The batches of one address, and what is known of its senders. */
export class Lane {
  /** The full batches and, last, the one that is filling. */
  readonly queue: Batch[] = []
  /** Batches that are with a worker. */
  inflight = 0
  readonly pace: Pace
  /** Deliveries that came since the pace was told. */
  #arrived = 0
  /** One of those that wait shows a backlog. */
  #backlog = false
  #last: Pick<Batch, 'length' | 'messages'> = { length: Infinity, messages: Infinity }

  constructor (lingerMs: number) {
    this.pace = new Pace(lingerMs)
  }

  /** A delivery of so many bytes has joined the last batch. */
  came (bytes: number): void {
    this.#arrived++
    if (bytes > BACKLOG_BYTES) this.#backlog = true
  }

  /** When the first batch may go, as far as is known now; `now` or earlier where it need not wait. */
  due (now: number): number {
    if (this.#arrived > 0) this.pace.came(this.#arrived, now)
    this.#arrived = 0
    const enough = this.queue.length > 1 || this.#backlog || (this.queue[0]?.length ?? 0) >= ENOUGH_BYTES
    return enough ? now : this.pace.due(now)
  }

  /** Takes the first batch, which goes to a worker. */
  take (now: number): Batch | undefined {
    const batch = this.queue.shift()
    if (this.queue.length === 0) this.#backlog = false
    if (batch === undefined) return undefined
    this.pace.went(batch.length < ENOUGH_BYTES, now)
    this.#last = { length: batch.length, messages: batch.messages }
    return batch
  }

  /**
   * While a batch waits: until when nothing that comes can make it go earlier, unless much more comes than has lately.
   * The last batch had so many `messages`. Undefined where the next delivery may make it go.
   */
  quiet (now: number): { until: number, messages: number } | undefined {
    const { length, messages } = this.#last
    const waiting = this.queue[0]?.length ?? Infinity
    const until = this.pace.quietUntil(now)
    return Math.max(length, waiting) > LITTLE_BYTES || until <= now ? undefined : { until, messages }
  }
}
