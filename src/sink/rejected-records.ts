import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import type { Bisected, BisectTask, RejectedEntry } from '../worker/messages.ts'
import type { Answer } from './classify.ts'
import type { Pending } from './shard.ts'

interface Options {
  /** Narrows a part down, on a worker thread. */
  bisect: (task: BisectTask) => Promise<Bisected>
  /** Where refused entries go when a dead-letter directory is set; else they go to Loki's quarantine stream. */
  deadLetter?: { write (entry: RejectedEntry): Promise<void> }
  /** The first of so many nanoseconds that no other entry has (ArrivalClock). */
  arrival: (nanoseconds: number) => { seconds: number, nanos: number }
  log: Logger
  onQuarantined: () => void
  onDeadLettered: () => void
}

const RETRY_MS = 1_000
const WARN_MS = 10_000

/**
 * What to do with a part that Loki refused by itself. A refusal (400) names one entry at best, and may have stored the others; so the
 * part is halved and pushed again until the entries at fault stand alone. What was stored before counts as stored once.
 * An entry at fault goes to the dead-letter file, if there is one, else to the quarantine stream `refused`.
 */
export class RejectedRecords {
  readonly #options: Options
  readonly #closing = new AbortController()
  #unreported = 0
  #lastWarning = -Infinity

  constructor (options: Options) {
    this.#options = options
    // One listener an entry that waits for the disk: as many as there are shards, which is no leak.
    setMaxListeners(0, this.#closing.signal)
  }

  /**
   * What is to be pushed in place of `pending`; nothing (`[]`) when it is done with. Never rejects: waits while the disk or the workers
   * are not fit, and is undefined where that ended by closing, with nothing known to be kept.
   */
  async handle (pending: Pending, answer: Answer & { kind: 'rejected' }): Promise<Pending[] | undefined> {
    const reason = `${answer.status} ${answer.message}`
    const { seconds: arrivalSeconds, nanos: arrivalNanos } = this.#options.arrival(pending.part.rawBytes)
    const task: BisectTask = { part: pending.part, arrivalSeconds, arrivalNanos, reason }
    const bisected = await this.#untilDone('narrowing down what Loki refused', async () => await this.#options.bisect(task))
    if (bisected === undefined) return undefined
    const { ticket } = pending
    if (bisected.kind === 'halves') return bisected.parts.map(part => ({ part, ticket, solo: true }))
    return await this.#place(bisected.entry, { part: bisected.part, ticket, solo: true, quarantine: true })
  }

  /** Ends all waiting; what is not done with by then stays unresolved. */
  close (): void {
    this.#closing.abort()
  }

  async #place (entry: RejectedEntry, carrier: Pending): Promise<Pending[] | undefined> {
    const { deadLetter } = this.#options
    if (deadLetter === undefined) {
      this.#warn(entry, 'the quarantine stream')
      this.#options.onQuarantined()
      return [carrier]
    }
    const written = await this.#untilDone('writing a dead letter', async () => { await deadLetter.write(entry); return true })
    if (written === undefined) return undefined
    this.#warn(entry, 'the dead-letter directory')
    this.#options.onDeadLettered()
    return []
  }

  /** One line for many: a limit that Loki and Lokean do not agree on may concern every record. */
  #warn ({ stream, reason }: RejectedEntry, where: string): void {
    this.#unreported++
    const now = performance.now()
    if (now - this.#lastWarning < WARN_MS) return
    this.#options.log.warn({ records: this.#unreported, stream, reason }, `Loki refused records; they go to ${where}`)
    this.#lastWarning = now
    this.#unreported = 0
  }

  async #untilDone<T> (what: string, attempt: () => Promise<T>): Promise<T | undefined> {
    while (!this.#closing.signal.aborted) {
      try {
        return await attempt()
      } catch (err) {
        this.#options.log.error({ err }, `${what} failed; trying again`)
        await pause(RETRY_MS, undefined, { signal: this.#closing.signal }).catch(() => {})
      }
    }
    return undefined
  }
}
