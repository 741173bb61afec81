import type { Batcher, Delivery } from '../batch/batcher.ts'
import { type Metrics, pushStatus } from '../ops/metrics.ts'
import type { StoredBatch } from './pipeline.ts'
import type { RetryReason } from '../sink/classify.ts'
import type { LokiSink, PushReport } from '../sink/sink.ts'
import type { Budget } from '../source/budget.ts'
import type { Bus } from '../source/amqp/client.ts'
import type { Datagrams } from '../source/datagrams/datagrams.ts'
import type { CardinalityGuard } from '../ops/cardinality.ts'
import { type EncodeResult, MEND_REASONS, QUARANTINE_REASONS } from '../worker/messages.ts'
import type { WorkerPool } from '../worker/pool/pool.ts'

interface Observed {
  budgets: Map<string, Budget>
  bus: Bus
  datagrams: Datagrams | undefined
  batcher: Batcher
  sink: LokiSink
  pool: WorkerPool
  streams: CardinalityGuard
  /** Bytes that are with a worker. */
  encoding: () => number
}

/** From what happens in the pipeline to the metrics that tell of it: once a delivery, batch or push, never once a record. */
export class PipelineMetrics {
  readonly #metrics: Metrics

  constructor (metrics: Metrics) {
    this.#metrics = metrics
  }

  /** Gauges are read when they are scraped. */
  observe ({ budgets, bus, datagrams, batcher, sink, pool, streams, encoding }: Observed): void {
    const metrics = this.#metrics
    const each = (read: (budget: Budget) => number) => () => [...budgets.values()].map(budget => [budget.address, read(budget)] as const)
    const socket = datagrams?.address
    if (datagrams !== undefined) metrics.datagramsDropped.from(() => datagrams.drops(), datagrams.address)
    metrics.linkUp.from(each(({ address }) => Number(bus.attached(address) || (address === socket && datagrams?.status.ok === true))))
    metrics.credit.from(each(({ address }) => bus.credit(address)))
    metrics.inflightBytes.from(each(({ used }) => used))
    metrics.inflightBytesLimit.from(each(({ limit }) => limit))
    metrics.queueBytes.from(() => [['batch', batcher.waitingBytes], ['worker', encoding()], ['sink', sink.bytes]])
    metrics.workers.from(() => pool.size)
    metrics.workerBusy.from(() => pool.busySeconds)
    metrics.sinkShards.from(() => sink.shards)
    metrics.streams.from(() => streams.count)
  }

  received ({ address, message }: Delivery): void {
    this.#metrics.messagesReceived.add(address, 1)
    this.#metrics.receivedBytes.add(address, message.length)
  }

  worked (bytes: number, records: number, durationMs: number): void {
    this.#metrics.batchBytes.observe(bytes)
    this.#metrics.batchRecords.observe(records)
    this.#metrics.encodeDuration.observe(durationMs / 1000)
  }

  encoded (address: string, { records, quarantined, mended }: EncodeResult): void {
    this.#metrics.recordsReceived.inc({ address }, records)
    for (const [i, reason] of QUARANTINE_REASONS.entries()) if (quarantined[i] > 0) this.#metrics.recordsQuarantined.inc({ reason }, quarantined[i])
    for (const [i, reason] of MEND_REASONS.entries()) if (mended[i] > 0) this.#metrics.recordsMended.inc({ reason }, mended[i])
  }

  pushed ({ answer, durationMs, bytes, rawBytes, records, parts }: PushReport): void {
    const metrics = this.#metrics
    metrics.pushes.inc({ status: pushStatus(answer.status) })
    metrics.pushDuration.observe(durationMs / 1000)
    metrics.pushBytes.observe(bytes)
    metrics.pushUncompressedBytes.observe(rawBytes)
    metrics.pushRecords.observe(records)
    metrics.pushParts.observe(parts)
    if (answer.kind === 'stored') metrics.lastPushSuccess.setToCurrentTime()
  }

  retried (reason: RetryReason): void {
    this.#metrics.pushRetries.inc({ reason })
  }

  /** Settled too, unless its connection is gone. */
  stored ({ address, link, messages, records, oldestMs }: StoredBatch): void {
    if (!link.stale) this.#metrics.messagesSettled.inc({ address }, messages)
    this.#metrics.recordsStored.inc({ address }, records)
    if (!Number.isNaN(oldestMs)) this.#metrics.lag.observe({ address }, Math.max(0, (Date.now() - oldestMs) / 1000))
  }
}
