import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import type { Bisected, BisectTask, RejectedEntry } from '../worker/messages.ts'
import type { Answer } from './classify.ts'
import type { Pending } from './shard.ts'

interface Options {
  /** Takes one step of the bisection, on a worker thread. */
  bisect: (task: BisectTask) => Promise<Bisected>
  /** Where rejected records go. Without it, they go to the quarantine stream in Loki. */
  deadLetter?: { write (entry: RejectedEntry): Promise<void> }
  /** Reserves so many nanoseconds, which no other entry gets, and returns the first (ArrivalClock). */
  arrival: (nanoseconds: number) => { seconds: number, nanos: number }
  log: Logger
  onQuarantined: () => void
  onDeadLettered: () => void
}

const RETRY_MS = 1_000
const WARN_MS = 10_000

/**
 * Finds the records at fault in a part that Loki rejected in a push of its own. A rejection (400) names one entry at
 * best, and Loki may have stored the others. So the part is halved, and the halves are pushed again, until each entry
 * at fault has a part of its own. Loki stores once what it had stored before. An entry at fault goes to the dead-letter
 * file where there is one, else to the quarantine stream `refused`.
 */
export class RejectedRecords {
  readonly #options: Options
  readonly #closing = new AbortController()
  #unreported = 0
  #lastWarning = -Infinity

  constructor (options: Options) {
    this.#options = options
    // Each entry that waits for the disk adds a listener. There can be as many as shards; Node would warn of a leak.
    setMaxListeners(0, this.#closing.signal)
  }

  /**
   * Resolves with what is to be pushed in place of `pending`: nothing (`[]`) where its record lies in the dead-letter
   * file. The promise never rejects: while the disk or the workers fail, it waits. Undefined where `close` ended the
   * wait; the record may then be written nowhere.
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

  /** Ends all waiting. The tickets of the records that wait then stay unresolved. */
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

  /** Logs one line for many records. Where a limit of Loki is lower than the setting here, Loki may reject each. */
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
