import { setMaxListeners } from 'node:events'
import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import {
  type Backlog, type BacklogTask, type Bisected, type BisectTask, type Check, type LookedUp, type LookUpTask, MOST_SHAPES,
  type NewStream, type Part, type Shape, type ShapesTask, type SubtractTask
} from '../worker/messages/tasks.ts'
import type { RetryReason } from './classify.ts'
import { LokiClient } from './client.ts'
import { DeadLetters } from './dead-letter.ts'
import type { ResendReason } from './doubt.ts'
import { EndpointSelector } from './endpoint-selector.ts'
import { LokiHealth } from './health.ts'
import { LokiReader } from './loki-reader.ts'
import { LookUps } from './look-ups.ts'
import { probeUntilReady } from './probe.ts'
import { PushLimits } from './push-limits.ts'
import { RejectedRecords } from './rejected-records.ts'
import type { PushReport } from './reports.ts'
import { Shards } from './shards.ts'
import type { DeadLetterStore, DeadLetterUse, PartTicket, Sink } from './sink.ts'
import { StoredAt } from './stored-at.ts'
import { countStreams } from './stream-count.ts'
import { StreamRoom } from './stream-room.ts'
import { readTenantLimits } from './tenant-limits.ts'
import { ToldLimits } from './told-limits.ts'
import { Witnesses } from './witnesses.ts'

/** What the sink tells the metrics. */
export interface SinkEvents {
  onPush: (report: PushReport) => void
  onRetry: (reason: RetryReason) => void
  /** So many records are pushed that Loki may have already. */
  onResent: (reason: ResendReason, records: number) => void
  /** So many records are not pushed again, as Loki has them. */
  onFound: (records: number) => void
  /** One record that Loki rejected is in the quarantine stream, or in a dead-letter file. */
  onQuarantined: () => void
  /** Records that Loki found too far behind are on their way to a backlog stream: how many. */
  onBacklog: (records: number) => void
  onDeadLettered: () => void
  /** Records of the dead-letter directory were deleted to make room: how many. */
  onDeadLettersDeleted: (records: number) => void
}

export interface LokiSinkOptions {
  config: Config
  version: string
  log: Logger
  events: SinkEvents
  /** Takes one step of the bisection of a rejected part, on a worker thread. */
  bisect: (task: BisectTask) => Promise<Bisected>
  /** Gives what Loki found too far behind its stream another one, on a worker thread. */
  backlog: (task: BacklogTask) => Promise<Backlog | undefined>
  /** The shapes of a part's entries, on a worker thread. */
  shapes: (task: ShapesTask) => Promise<Shape[]>
  /** See LookUps. */
  lookUp: (task: LookUpTask) => Promise<LookedUp | undefined>
  subtract: (task: SubtractTask) => Promise<Array<Part | undefined>>
  /** Reserves so many nanoseconds, which no other entry gets, and returns the first (ArrivalClock). */
  arrival: (nanoseconds: number) => { seconds: number, nanos: number }
  /** Loki has stored a part of a stream that it may not have known. */
  onStored: (stream: NewStream) => void
  /** How many streams of the tenant got a record within the hour. */
  streamsOf: (tenant: string) => number
}

/** For so long after its start, a process looks up the records that are older than itself (LOKEAN_LOKI_VERIFY). */
const RESTART_MS = 60_000

/** The sink for Grafana Loki: shards that push over one client, rejected records, dead letters, and Loki's health. */
export class LokiSink implements Sink {
  readonly #client: LokiClient
  readonly #reading: LokiClient
  readonly #shards: Shards
  readonly #rejected: RejectedRecords
  readonly #deadLetters: DeadLetterStore | undefined
  readonly #health: LokiHealth
  readonly #told: ToldLimits
  readonly #lookUps: LookUps | undefined
  readonly #closing = new AbortController()
  readonly #now = (): number => performance.now()
  readonly #started = { at: this.#now(), unixMs: Date.now() }

  private constructor (options: LokiSinkOptions, deadLetters: DeadLetterStore | undefined) {
    const { config, version, log, events, bisect, backlog, shapes, arrival } = options
    const now = this.#now
    this.#deadLetters = deadLetters
    // Each tenant whose limits are read adds a listener.
    setMaxListeners(0, this.#closing.signal)
    this.#health = new LokiHealth({ log, ready: config.readyTenants })
    this.#client = new LokiClient({ ...config.loki, timeoutMs: config.pushTimeoutMs }, version)
    this.#reading = new LokiClient({ ...config.lokiQuery, timeoutMs: config.pushTimeoutMs }, version)
    this.#told = new ToldLimits({
      read: async tenant => await readTenantLimits(this.#client, 0, tenant, this.#closing.signal),
      now
    })
    const limits = new PushLimits({ pushBytes: config.pushBytes, burstOf: tenant => this.#told.of(tenant)?.burstBytes, now })
    const storedAt = new StoredAt(now)
    const endpoints = new EndpointSelector(config.loki.urls.length)
    const witnesses = new Witnesses({
      shapesOf: async part => {
        const { seconds, nanos } = arrival(MOST_SHAPES)
        return await shapes({ part, seconds, nanos })
      },
      push: async (endpoint, tenant, body) => await this.#shards.pushAlone(endpoint, tenant, body),
      now
    })
    this.#rejected = new RejectedRecords({
      witnesses,
      storedSince: (place, time) => storedAt.since(place, time),
      onCondition: (endpoint, { status, message, fault }) => {
        // Another distributor may take what this one, or a proxy before it, refuses whatever it is.
        if (this.#client.urls.length < 2 || fault !== 'unknown') return
        endpoints.failed(endpoint)
        this.#health.fails(this.#client.urls[endpoint] ?? '', `${status} ${message}`)
      },
      tooLarge: (tenant, bytes) => { limits.tooLarge(tenant, bytes) },
      bisect,
      backlog,
      deadLetter: deadLetters,
      arrival,
      log,
      ...events
    })
    this.#lookUps = config.verify ? openLookUps(options, this.#reading, now) : undefined
    const room = new StreamRoom({
      limitOf: tenant => this.#told.of(tenant)?.maxStreams ?? config.maxStreams,
      own: options.streamsOf,
      count: async (tenant, most) => await countStreams(this.#reading, config.lokiQuery.tenant ?? tenant, most, this.#closing.signal),
      now
    })
    this.#shards = new Shards({
      client: this.#client,
      endpoints,
      limits,
      storedAt,
      room,
      pushBytes: config.pushBytes,
      rule: async (pending, answer, endpoint) => await this.#rejected.rule(pending, answer, endpoint),
      halve: async pending => await this.#rejected.halve(pending),
      lookUp: this.#lookUps?.rest,
      onResent: events.onResent,
      onStored: options.onStored,
      onPush: report => {
        events.onPush(report)
        log.debug(report, 'push')
        this.#health.answered(report.url, report.tenant, report.answer)
      },
      onRetry: report => {
        if (report.first) events.onRetry(report.reason)
        this.#health.retrying(report)
      },
      onReleased: tenant => { this.#health.released(tenant) },
      onQuiet: tenant => { this.#health.quiet(tenant) },
      now
    })
  }

  /**
   * Makes a sink, without connecting. `deadLetters` replaces the dead-letter directory of the settings. Rejects with
   * ConfigError where that cannot be used.
   */
  static async open (options: LokiSinkOptions, deadLetters?: DeadLetterStore): Promise<LokiSink> {
    if (deadLetters !== undefined) return new LokiSink(options, deadLetters)
    const { config: { deadLetter: { dir, bytes, whenFull } }, log, events } = options
    const onDeleted = (file: string, records: number): void => {
      events.onDeadLettersDeleted(records)
      log.warn({ dir, file, records }, 'the dead-letter directory is full (LOKEAN_DEAD_LETTER_BYTES): its oldest file is deleted')
    }
    return new LokiSink(options, dir === undefined ? undefined : await DeadLetters.open({ dir, maxBytes: bytes, whenFull, onDeleted }))
  }

  get bytes (): ReadonlyMap<string, number> {
    return this.#shards.bytes
  }

  get shards (): number {
    return this.#shards.size
  }

  get deadLetters (): DeadLetterUse | undefined {
    return this.#deadLetters
  }

  get waiting (): ReadonlyMap<RetryReason, number> {
    return this.#shards.waiting
  }

  start (): void {
    void probeUntilReady(this.#client, this.#health, this.#closing.signal)
  }

  /** Undefined where Loki does not tell, or has not told yet. */
  streamsLimit (tenant: string): number | undefined {
    const limit = this.#told.of(tenant)?.maxStreams
    return limit === Infinity ? undefined : limit
  }

  add (part: Part, ticket: PartTicket, oldestMs: number): void {
    const at = this.#now()
    // A process that was killed leaves pushes with an unknown outcome, and the bus delivers their records again.
    const before = !part.quarantine && at - this.#started.at < RESTART_MS && oldestMs < this.#started.unixMs
    this.#shards.add({ part, ticket, doubt: before ? { reason: undefined, at, look: 'next' } : undefined })
  }

  status (): Check {
    const check = this.#health.status()
    if (this.#deadLetters?.blocked !== true) return check
    return { ...check, detail: `${check.detail}; the dead-letter directory has no room: records that Loki rejected wait` }
  }

  drain (): void {
    this.#lookUps?.drain()
    this.#shards.drain()
  }

  async close (): Promise<void> {
    this.#closing.abort()
    this.#rejected.close()
    this.#shards.close()
    this.#lookUps?.close()
    await Promise.all([this.#client.close(), this.#reading.close()])
    await this.#deadLetters?.close()
  }
}

function openLookUps ({ config, log, events, lookUp, subtract }: LokiSinkOptions, client: LokiClient, now: () => number): LookUps {
  return new LookUps({
    reader: new LokiReader(client),
    tenant: config.lokiQuery.tenant,
    lookUp,
    subtract,
    now,
    log,
    onFound: events.onFound
  })
}
