import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import type { LookedUp, LookUpTask, Part, SubtractTask } from '../worker/messages/tasks.ts'
import { readAs } from '../worker/messages/tenant-at.ts'
import { Deadline } from './deadline.ts'
import type { LokiReader, ReadStream } from './loki-reader.ts'
import type { Pending } from './shard-tools.ts'

interface Options {
  reader: Pick<LokiReader, 'range'>
  /** The tenant to ask, where it is not that of the part. */
  tenant: string | undefined
  /** On a worker thread. */
  lookUp: (task: LookUpTask) => Promise<LookedUp | undefined>
  subtract: (task: SubtractTask) => Promise<Array<Part | undefined>>
  /** A clock in ms that never goes back. */
  now: () => number
  log: Logger
  onFound: (records: number) => void
}

/** A push whose connection was lost may still be on its way in Loki. It is looked for after this time. */
const IN_FLIGHT_MS = 500
const MAX_MS = 20_000
const MAX_QUERIES = 20
/** Loki's default max_entries_limit_per_query, and its text where a tenant's is lower. */
const MAX_ENTRIES = 5_000
const TOLD_MAX_ENTRIES = /max entries limit per query exceeded.*\(\d+ > (\d+)\)/i
/** Loki's parts exchange answers of at most 4 MiB; a larger one never comes, and costs the querier a minute. */
const MAX_ANSWER_BYTES = 2 * 2 ** 20
/** What an entry has in an answer beside its own bytes: labels of its stream are counted with it here. */
const ENTRY_OVERHEAD = 200
const WARN_MS = 60_000

/**
 * Looks in Loki for parts of which nobody knows whether they are stored, and leaves out what is there
 * (LOKEAN_LOKI_VERIFY). What was pushed can be read at once, from the ingesters. A look-up is bounded in time, queries
 * and entries. Where it ends early or fails, what it has not found is pushed again: Loki may then have a record twice,
 * and never misses one.
 *
 * What remains: a push that is still under way in Loki when it is looked for, an ingester that has the entries and does
 * not answer the query, and a tenant whose times Loki moves (increment_duplicate_timestamp).
 */
export class LookUps {
  readonly #options: Options
  readonly #closing = new AbortController()
  /** Resolves when the look-ups before are over. */
  #before: Promise<void> = Promise.resolve()
  #draining = false
  #maxEntries = MAX_ENTRIES
  #lastWarning = -Infinity

  constructor (options: Options) {
    this.#options = options
    // Each look-up under way adds a listener.
    setMaxListeners(0, this.#closing.signal)
  }

  /** What is left to push of each; undefined where Loki has all of it. The promise never rejects. */
  readonly rest = async (sent: readonly Pending[]): Promise<Array<Pending | undefined>> => {
    const { now, onFound } = this.#options
    const sought = sent.filter(({ doubt }) => doubt?.look === 'next')
    const latest = Math.max(...sought.map(({ doubt }) => doubt?.reason === 'connection' ? doubt.at + IN_FLIGHT_MS : 0))
    if (latest > now()) await pause(latest - now(), undefined, { signal: this.#closing.signal }).catch(() => {})
    const parts = sought.map(({ part }) => part)
    const rest = await this.#inTurn(parts).catch((error: unknown) => {
      this.#warn(error)
      return parts
    })
    const found = records(parts) - records(rest)
    if (found > 0) onFound(found)
    return sent.map(pending => {
      const { doubt } = pending
      if (doubt?.look !== 'next') return pending
      const part = rest[sought.indexOf(pending)]
      return part && { ...pending, part, doubt: { ...doubt, look: 'done' } }
    })
  }

  /** From now on there is little time: nothing is looked up any more, and those under way end. */
  drain (): void {
    this.#draining = true
    this.#closing.abort()
  }

  close (): void {
    this.#closing.abort()
  }

  /** One look-up at a time: an answer, and what is made of it, takes some MiB. */
  async #inTurn (parts: Part[]): Promise<Array<Part | undefined>> {
    const turn = this.#before.then(async () => this.#draining ? parts : await this.#look(parts))
    this.#before = turn.then(() => {}, () => {})
    return await turn
  }

  async #look (parts: Part[]): Promise<Array<Part | undefined>> {
    const { lookUp, subtract, tenant } = this.#options
    const plan = await lookUp({ parts })
    if (plan === undefined) return parts
    const deadline = new Deadline(MAX_MS, this.#closing.signal)
    try {
      const read = async (): Promise<ReadStream[]> => await this.#read(readAs(tenant, parts[0]?.tenant ?? ''), plan, deadline.signal)
      const found = await read().catch(async (error: unknown) => {
        const told = TOLD_MAX_ENTRIES.exec((error as Error).message)?.[1]
        if (told === undefined || Number(told) >= this.#maxEntries) throw error
        this.#maxEntries = Number(told)
        return await read()
      })
      return await subtract({ parts, found })
    } finally {
      deadline.end()
    }
  }

  /** All entries of the range, page by page, as far as the bounds allow. A page begins where the one before ended. */
  async #read (tenant: string, plan: LookedUp, signal: AbortSignal): Promise<ReadStream[]> {
    const limit = Math.max(1, Math.min(this.#maxEntries, Math.floor(MAX_ANSWER_BYTES / (plan.entryBytes + ENTRY_OVERHEAD))))
    const end = plan.last + 1n
    const found: ReadStream[] = []
    let start = plan.first
    for (let query = 0; query < MAX_QUERIES; query++) {
      const page = await this.#options.reader.range(tenant, plan.selector, { start, end, limit }, signal)
      found.push(...page)
      const times = page.flatMap(({ entries }) => entries.map(({ time }) => BigInt(time)))
      const last = times.reduce((most, time) => time > most ? time : most, start)
      if (times.length < limit || last === start) break
      start = last
    }
    return found
  }

  #warn (error: unknown): void {
    if (this.#closing.signal.aborted) return
    const now = this.#options.now()
    if (now - this.#lastWarning < WARN_MS) return
    this.#lastWarning = now
    this.#options.log.warn(
      { reason: (error as Error).message, mend: 'check LOKEAN_LOKI_QUERY_URL, its tenant and login, or set LOKEAN_LOKI_VERIFY=off' },
      'Loki cannot be asked what it has stored (LOKEAN_LOKI_VERIFY); records are sent again unseen'
    )
  }
}

function records (parts: ReadonlyArray<Part | undefined>): number {
  return parts.reduce((sum, part) => sum + (part?.records ?? 0), 0)
}
