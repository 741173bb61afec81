import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import {
  type Backlog, type BacklogTask, type Bisected, type BisectTask, LEAST_LINE_BYTES, type RejectedEntry
} from '../worker/messages/tasks.ts'
import { toldLate, toldLineLimit } from './refusals.ts'
import type { Pending, Rejected, Ruling } from './shard-tools.ts'
import type { Verdict, Witnesses } from './witnesses.ts'

interface Options {
  witnesses: Pick<Witnesses, 'hear'>
  /** Whether Loki has stored records of the address, not quarantined ones, through the endpoint since then. */
  storedSince: (place: { endpoint: number, tenant: string, address: string }, since: number) => boolean
  /** A push of so many uncompressed bytes was refused for its size, and smaller ones of the tenant are not. */
  tooLarge: (tenant: string, bytes: number) => void
  /** What an endpoint refused was nobody's fault there. */
  onCondition: (endpoint: number, answer: Rejected) => void
  /** Takes one step of the bisection, on a worker thread. */
  bisect: (task: BisectTask) => Promise<Bisected>
  /** Gives what is too far behind its stream another one, on a worker thread. Undefined where that cannot be. */
  backlog: (task: BacklogTask) => Promise<Backlog | undefined>
  /** Where rejected records go. Without it, they go to the quarantine stream in Loki. */
  deadLetter?: { readonly name: string, write (entry: RejectedEntry): Promise<void> }
  /** Reserves so many nanoseconds, which no other entry gets, and returns the first (ArrivalClock). */
  arrival: (nanoseconds: number) => { seconds: number, nanos: number }
  log: Logger
  onQuarantined: () => void
  /** Records are on their way to a backlog stream: how many. */
  onBacklog: (records: number) => void
  onDeadLettered: () => void
}

const DEAD_LETTER_HINT = 'the directory LOKEAN_DEAD_LETTER_DIR must be there, writable, and have room (LOKEAN_DEAD_LETTER_BYTES, LOKEAN_DEAD_LETTER_FULL)'
const RETRY_MS = 1_000
const WARN_MS = 10_000

/**
 * Rules on parts that Loki rejected in a push of their own. A record is at fault only with a witness: Loki's own text
 * that names an entry, or an entry of the same shape that Loki stores (Witnesses). Where there is none, a condition is
 * at fault, the part is held, and nothing is put aside.
 *
 * Where a record is at fault, the part is halved, and the halves are pushed again, until each entry at fault has a part
 * of its own: a rejection names one entry at best, and Loki may have stored the others. Loki stores once what it had
 * stored before. An entry that Loki rejects alone is pushed once more. Then it goes to the dead letters where there are
 * any, else to the quarantine stream `refused`.
 */
export class RejectedRecords {
  readonly #options: Options
  readonly #closing = new AbortController()
  #unreported = 0
  #lastWarning = -Infinity
  #lastError = -Infinity

  constructor (options: Options) {
    this.#options = options
    // Each entry that waits for the disk adds a listener. There can be as many as shards; Node would warn of a leak.
    setMaxListeners(0, this.#closing.signal)
  }

  /**
   * The promise never rejects: while the disk or the workers fail, it waits. Undefined where `close` ended the wait;
   * the record may then be written nowhere.
   */
  async rule (pending: Pending, answer: Rejected, endpoint: number): Promise<Ruling | undefined> {
    const verdict = await this.#verdict(pending, answer, endpoint)
    if (verdict === undefined) return undefined
    const held: Ruling = { kind: 'held', message: `${answer.status} ${answer.message}`, hint: answer.hint }
    if (verdict === 'refused') {
      this.#options.onCondition(endpoint, answer)
      return held
    }
    if (verdict !== 'taken') return { kind: 'later', answer: verdict }
    const { part } = pending
    const backlog = await this.#backlog(pending, answer)
    if (backlog !== undefined) return replacedBy(backlog)
    if (answer.fault === 'size') this.#options.tooLarge(part.tenant, part.rawBytes)
    if (part.records > 1) return replacedBy(await this.halve({ ...pending, solo: true }))
    if (pending.secondOpinion !== true) return replacedBy([{ ...pending, solo: true, secondOpinion: true }])
    const { deadLetter } = this.#options
    if (deadLetter === undefined && part.quarantine && !canBeCut(pending, answer)) return held
    return await this.#putAside(pending, answer)
  }

  /** Halves a part of several entries. Undefined where `close` ended the wait. */
  async halve (pending: Pending): Promise<Pending[] | undefined> {
    const { ticket, solo, rejectedAt, doubt } = pending
    const bisected = await this.#bisect(pending, '', undefined)
    if (bisected === undefined) return undefined
    if (bisected.kind !== 'halves') throw new Error('a part of one entry was to be halved')
    return bisected.parts.map(part => ({ part, ticket, solo, rejectedAt, doubt }))
  }

  /** Ends all waiting. The tickets of the records that wait then stay unresolved. */
  close (): void {
    this.#closing.abort()
  }

  /**
   * Takes out of the part what Loki has told to be too far behind, for backlog streams. Each such step costs one push,
   * however many the entries are. Undefined where there is no such entry, and where `close` ended the wait.
   */
  async #backlog ({ part, ticket, rejectedAt, doubt }: Pending, { message }: Rejected): Promise<Pending[] | undefined> {
    const told = toldLate(message)
    if (told === undefined || part.quarantine) return undefined
    const task = { part, ...told }
    const made = await this.#untilDone('giving late records another stream', async () => await this.#options.backlog(task))
    if (made === undefined) return undefined
    this.#options.onBacklog(made.records)
    return [...made.parts, ...made.rest === undefined ? [] : [made.rest]].map(part => ({ part, ticket, solo: true, rejectedAt, doubt }))
  }

  async #verdict ({ part, rejectedAt = 0 }: Pending, { fault }: Rejected, endpoint: number): Promise<Verdict | undefined> {
    if (fault === 'entry') return 'taken'
    if (fault === 'condition') return 'refused'
    // Others of the address have the labels that Loki wants, so this record lacks what they have.
    if (fault === 'labels' && this.#options.storedSince({ ...part, endpoint }, rejectedAt)) return 'taken'
    return await this.#untilDone('asking for a witness', async () => await this.#options.witnesses.hear(part, endpoint))
  }

  /**
   * Where an entry of the quarantine stream comes here, its line is too long for the tenant, and is cut again. While
   * dead letters cannot be written, the entry is held: good records behind it do not wait for the disk.
   */
  async #putAside (pending: Pending, answer: Rejected): Promise<Ruling | undefined> {
    const bisected = await this.#bisect(pending, `${answer.status} ${answer.message}`, lineLimit(pending, answer))
    if (bisected === undefined) return undefined
    if (bisected.kind !== 'entry') throw new Error('a part of one entry was to be put aside')
    const { deadLetter, onQuarantined, onDeadLettered } = this.#options
    const { entry, part } = bisected
    if (deadLetter === undefined) {
      this.#warn(entry, answer.hint, 'the quarantine stream')
      if (!pending.part.quarantine) onQuarantined()
      return replacedBy([{ part, ticket: pending.ticket, solo: true }])
    }
    try {
      await deadLetter.write(entry)
    } catch (error) {
      return { kind: 'held', message: `writing a dead letter failed: ${(error as Error).message}`, hint: DEAD_LETTER_HINT }
    }
    this.#warn(entry, answer.hint, deadLetter.name)
    onDeadLettered()
    return replacedBy([])
  }

  async #bisect ({ part }: Pending, reason: string, maxLineBytes: number | undefined): Promise<Bisected | undefined> {
    const { seconds: arrivalSeconds, nanos: arrivalNanos } = this.#options.arrival(part.rawBytes)
    const task: BisectTask = { part, arrivalSeconds, arrivalNanos, reason, maxLineBytes }
    return await this.#untilDone('narrowing down what Loki refused', async () => await this.#options.bisect(task))
  }

  /** Logs one line for many records. Where a limit of Loki is lower than the setting here, Loki may reject each. */
  #warn ({ stream, reason }: RejectedEntry, mend: string | undefined, where: string): void {
    this.#unreported++
    const now = performance.now()
    if (now - this.#lastWarning < WARN_MS) return
    this.#options.log.warn({ records: this.#unreported, stream, reason, mend }, `Loki refused records; they go to ${where}`)
    this.#lastWarning = now
    this.#unreported = 0
  }

  async #untilDone<T> (what: string, attempt: () => Promise<T>): Promise<T | undefined> {
    while (!this.#closing.signal.aborted) {
      try {
        return await attempt()
      } catch (err) {
        const now = performance.now()
        if (now - this.#lastError >= WARN_MS) {
          this.#lastError = now
          this.#options.log.error({ err }, `${what} failed; trying again`)
        }
        await pause(RETRY_MS, undefined, { signal: this.#closing.signal }).catch(() => {})
      }
    }
    return undefined
  }
}

/** How long a piece of the line may be: as Loki's text says, or half of what was too large. */
function lineLimit ({ part }: Pending, { message, fault }: Rejected): number | undefined {
  return fault === 'size' ? Math.floor(part.rawBytes / 2) : toldLineLimit(message)
}

/** Whether Loki may take a quarantined line in shorter pieces. */
function canBeCut (pending: Pending, answer: Rejected): boolean {
  return (lineLimit(pending, answer) ?? 0) >= LEAST_LINE_BYTES
}

function replacedBy (by: Pending[] | undefined): Ruling | undefined {
  return by === undefined ? undefined : { kind: 'replaced', by }
}
