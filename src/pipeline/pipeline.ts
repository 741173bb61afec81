import { setTimeout as pause } from 'node:timers/promises'
import { Settler, type Stored } from '../ack/settler.ts'
import { Ticket } from '../ack/ticket.ts'
import { ArrivalClock } from '../batch/arrival-clock.ts'
import type { Batch } from '../batch/batch.ts'
import { Batcher, type Delivery } from '../batch/batcher.ts'
import { Buffers } from '../batch/buffers.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../ops/metrics.ts'
import { PipelineMetrics } from './pipeline-metrics.ts'
import { LokiClient } from '../sink/client.ts'
import { DeadLetters } from '../sink/dead-letter.ts'
import { LokiHealth } from '../sink/health.ts'
import { EndpointSelector } from '../sink/endpoint-selector.ts'
import { LokiSink } from '../sink/sink.ts'
import { probeUntilReady } from '../sink/probe.ts'
import { RejectedRecords } from '../sink/rejected-records.ts'
import { Budget } from '../source/budget.ts'
import { Bus } from '../source/amqp/client.ts'
import { Datagrams } from '../source/datagrams/datagrams.ts'
import { CardinalityGuard } from '../ops/cardinality.ts'
import type { Checks, EncodeResult, EncoderSettings } from '../worker/messages.ts'
import { Attempts } from '../worker/pool/attempts.ts'
import { WorkerPool } from '../worker/pool/pool.ts'

export interface PipelineOptions {
  config: Config
  log: Logger
  metrics: Metrics
  version: string
}

/** A batch whose parts are all stored, on its way to be settled. */
export interface StoredBatch extends Stored {
  address: string
  /** What it took of the budget. */
  cost: number
  messages: number
  records: number
  oldestMs: number
}

/** A batch is spread over the shards, so it may be larger than a push: that much larger, to make large parts of it. */
const BATCH_PUSHES = 4
/** After the bus was told to send no more, what it sent before may still be on the way for this long. */
const QUIET_MS = 250

/**
 * The composition root: the one place that knows more than one stage. Each is given the next one's function.
 *
 *     Bus --delivery--> Batcher --batch--> WorkerPool --parts--> Sink --> Loki
 *      ^                                                            |
 *      +---- Settler <---- Ticket (one a batch) <-----stored--------+
 *
 * started --(stop)--> draining --(nothing in flight, or the deadline)--> closed
 */
export class Pipeline {
  /** Rejects where it cannot go on; nothing is lost by ending the process then. */
  readonly failed: Promise<never>
  readonly #options: PipelineOptions
  readonly #budgets: Map<string, Budget>
  readonly #buffers: Buffers
  readonly #batcher: Batcher
  readonly #streams: CardinalityGuard
  #pool!: WorkerPool
  readonly #attempts: Attempts
  readonly #sink: LokiSink
  readonly #client: LokiClient
  readonly #rejectedRecords: RejectedRecords
  readonly #deadLetters: DeadLetters | undefined
  readonly #settler: Settler<StoredBatch>
  readonly #bus: Bus
  readonly #datagrams: Datagrams | undefined
  readonly #clock = new ArrivalClock()
  readonly #health: LokiHealth
  readonly #metrics: PipelineMetrics
  readonly #closing = new AbortController()
  #broke!: (error: Error) => void
  #inflight = 0
  #encoding = 0
  #lastDelivery = 0
  #onProgress: () => void = () => {}

  private constructor (options: PipelineOptions, budgets: Map<string, Budget>, deadLetters: DeadLetters | undefined, datagrams: Datagrams | undefined) {
    const { config, log, metrics, version } = options
    this.#options = options
    this.#deadLetters = deadLetters
    this.#budgets = budgets
    this.#datagrams = datagrams
    // As many as the budget can fill, the one that is filling for each address, and those with the workers: under load none is made anew.
    const batchBytes = BATCH_PUSHES * config.pushBytes
    this.#buffers = new Buffers(batchBytes, Math.ceil(config.inflightBytes / batchBytes) + config.sources.length + config.workers)
    this.#streams = new CardinalityGuard(config.maxStreams, log)
    this.failed = new Promise((_resolve, reject) => {
      this.#broke = reject
      this.#pool = new WorkerPool({
        workers: config.workers,
        timeoutMs: config.workerTimeoutMs,
        settings: { ...encoderSettings(config), activeStreams: this.#streams.memory },
        onFailure: kind => metrics.workerFailures.inc({ kind }),
        onBroken: reject
      })
    })
    this.failed.catch(() => {})
    this.#attempts = new Attempts({
      pool: this.#pool,
      arrival: nanoseconds => this.#clock.reserve(nanoseconds),
      replaceBuffer: (buffer, bytes) => this.#buffers.replace(buffer, bytes),
      log,
      closing: this.#closing.signal
    })
    this.#health = new LokiHealth(log)
    this.#client = new LokiClient({ ...config.loki, timeoutMs: config.pushTimeoutMs }, version)
    this.#metrics = new PipelineMetrics(metrics)
    this.#rejectedRecords = new RejectedRecords({
      bisect: async task => await this.#pool.bisect(task),
      deadLetter: deadLetters,
      arrival: nanoseconds => this.#clock.reserve(nanoseconds),
      log,
      onQuarantined: () => metrics.recordsQuarantined.inc({ reason: 'refused' }),
      onDeadLettered: () => metrics.recordsDeadLettered.inc({ reason: 'refused' })
    })
    this.#sink = new LokiSink({
      client: this.#client,
      endpoints: new EndpointSelector(config.loki.urls.length),
      pushBytes: config.pushBytes,
      onRejected: async (pending, answer) => await this.#rejectedRecords.handle(pending, answer),
      onPush: report => {
        this.#metrics.pushed(report)
        log.debug(report, 'push')
        if (report.answer.kind !== 'retry') this.#health.succeeded(report.url)
      },
      onRetry: ({ tenant, reason, message, delayMs }) => {
        this.#metrics.retried(reason)
        this.#health.retrying(tenant, reason, message, delayMs)
      }
    })
    this.#settler = new Settler(stored => this.#settled(stored))
    this.#batcher = new Batcher({ workers: config.workers, buffers: this.#buffers, encode: async batch => { await this.#encode(batch) } })
    this.#bus = new Bus({
      endpoints: config.amqp.urls,
      credentials: config.amqp,
      budgets: config.amqp.addresses.map(address => this.#budgets.get(address) as Budget),
      log,
      onDelivery: delivery => this.#received(delivery),
      onConnected: () => metrics.busConnects.inc(),
      onDisconnected: () => metrics.busDisconnects.inc()
    })
    this.#metrics.observe({ budgets: this.#budgets, bus: this.#bus, datagrams, batcher: this.#batcher, sink: this.#sink, pool: this.#pool, streams: this.#streams, encoding: () => this.#encoding })
  }

  /** Rejects with ConfigError where the dead-letter directory or the socket cannot be used; nothing is connected yet. */
  static async create (options: PipelineOptions): Promise<Pipeline> {
    const { config: { deadLetter: { dir, bytes }, socket, sources, inflightBytes }, log } = options
    const share = Math.floor(inflightBytes / sources.length)
    const budgets = new Map(sources.map(address => [address, new Budget(address, share)]))
    const deadLetters = dir === undefined
      ? undefined
      : await DeadLetters.open(dir, bytes, Date.now, file => {
        log.warn({ dir, file }, 'the dead-letter directory is full (LOKEAN_DEAD_LETTER_BYTES): its oldest file is deleted')
      })
    try {
      const datagrams = socket === undefined ? undefined : await Datagrams.open({ place: socket.place, budget: budgets.get(socket.address) as Budget, log })
      return new Pipeline(options, budgets, deadLetters, datagrams)
    } catch (error) {
      await deadLetters?.close()
      throw error
    }
  }

  start (): void {
    this.#streams.start()
    if (this.#options.config.amqp.addresses.length > 0) this.#bus.start()
    this.#datagrams?.start(delivery => this.#received(delivery), error => this.#broke(error))
    void probeUntilReady(this.#client, this.#health, this.#closing.signal)
  }

  /** Bytes taken from the bus and not settled, with what the deliveries cost beside them. */
  get inflightBytes (): number {
    return this.#inflight
  }

  status (): { ready: boolean, checks: Checks } {
    const checks: Checks = {
      ...(this.#options.config.amqp.addresses.length === 0 ? {} : { bus: this.#bus.status() }),
      ...(this.#datagrams === undefined ? {} : { socket: this.#datagrams.status }),
      loki: this.#health.status()
    }
    return { ready: Object.values(checks).every(({ ok }) => ok), checks }
  }

  /**
   * Takes no more, waits until what is here is stored and settled, and closes everything. What is not by the drain timeout is left
   * unsettled, so that the bus delivers it to somebody else; the result says how many bytes those were.
   */
  async stop (): Promise<{ unsettledBytes: number }> {
    this.#bus.stop()
    this.#datagrams?.stop()
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), this.#options.config.drainTimeoutMs)
    await this.#drained(deadline.signal)
    clearTimeout(timer)
    this.#settler.flush()
    const unsettledBytes = this.#inflight
    this.#closing.abort()
    this.#streams.stop()
    this.#rejectedRecords.close()
    await this.#datagrams?.close()
    await this.#bus.close()
    await this.#sink.close()
    await this.#pool.close()
    await this.#deadLetters?.close()
    return { unsettledBytes }
  }

  async #drained (signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>(resolve => { signal.addEventListener('abort', () => resolve(), { once: true }) })
    const stopped = performance.now()
    while (!signal.aborted) {
      const quietFor = performance.now() - Math.max(stopped, this.#lastDelivery)
      if (this.#inflight === 0 && quietFor >= QUIET_MS && this.#datagrams?.drained !== false) return
      const progress = new Promise<void>(resolve => { this.#onProgress = resolve })
      const quiet = this.#inflight === 0 ? pause(Math.max(QUIET_MS - quietFor, 10), undefined, { signal }).catch(() => {}) : progress
      await Promise.race([quiet, aborted])
    }
  }

  #received (delivery: Delivery): void {
    this.#batcher.add(delivery)
    this.#inflight += delivery.cost
    this.#lastDelivery = performance.now()
    this.#metrics.received(delivery)
  }

  async #encode (batch: Batch): Promise<void> {
    const { address, link, first, last, messages, cost } = batch
    const result = await this.#work(batch)
    if (result === undefined) return
    this.#metrics.encoded(address, result)
    this.#streams.warn(result.cardinalityReports)
    const { records, oldestMs, shared } = result
    if (!shared) this.#buffers.release(batch.bytes)
    const ticket = new Ticket(result.parts.length, () => {
      if (shared) this.#buffers.release(batch.bytes)
      this.#settler.add({ address, link, first, last, messages, cost, records, oldestMs })
    })
    for (const part of result.parts) this.#sink.add({ part, ticket })
  }

  /** Undefined only when the pipeline closes: then the batch stays unsettled. */
  async #work (batch: Batch): Promise<EncodeResult | undefined> {
    const start = performance.now()
    this.#encoding += batch.length
    try {
      const result = await this.#attempts.encode(batch, this.#buffers.exhausted)
      this.#metrics.worked(batch.length, result.records, performance.now() - start)
      return result
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error
      return undefined
    } finally {
      this.#encoding -= batch.length
    }
  }

  /** Only now does their share of the budget come back as credit. */
  #settled (stored: StoredBatch[]): void {
    this.#bus.cork()
    const addresses = new Set<string>()
    for (const batch of stored) {
      this.#inflight -= batch.cost
      this.#budgets.get(batch.address)?.release(batch.cost)
      addresses.add(batch.address)
      this.#metrics.stored(batch)
    }
    for (const address of addresses) this.#bus.grant(address)
    this.#datagrams?.grant()
    this.#onProgress()
  }
}

/** What the workers need of the settings. */
export function encoderSettings (config: Config): EncoderSettings {
  return {
    labels: [...config.labels],
    metadata: [...config.metadata],
    tenant: config.loki.tenant,
    quarantineTenant: config.loki.quarantineTenant,
    origins: config.amqp.origins.map(({ address, labels, tenant }) => ({ address, labels: [...labels], tenant })),
    shards: config.shards,
    pushBytes: config.pushBytes,
    maxLineBytes: config.loki.maxLineBytes,
    maxAgeMs: config.loki.maxAgeMs,
    maxAheadMs: config.loki.maxAheadMs,
    maxDisorderMs: config.loki.maxDisorderMs
  }
}
