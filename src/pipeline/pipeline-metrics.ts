import type { Metrics } from '../ops/metrics.ts'
import { pushStatus } from '../ops/push-status.ts'
import { TenantNames } from '../ops/tenant-names.ts'
import { RETRY_REASONS } from '../sink/classify.ts'
import type { CardinalityGuard } from '../ops/cardinality.ts'
import type { SinkEvents } from '../sink/loki-sink.ts'
import type { PushReport } from '../sink/reports.ts'
import type { Sink } from '../sink/sink.ts'
import type { Budget } from '../source/budget/budget.ts'
import type { Delivery, Source, SourceCounters, Span } from '../source/source.ts'
import type { EncodeResult } from '../worker/messages/tasks.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../worker/messages/reasons.ts'

interface Observed {
  budgets: ReadonlyMap<string, Budget>
  sources: readonly Source[]
  flow: {
    readonly waitingBytes: number
    readonly encodingBytes: number
    oldestUnsettled (): Iterable<readonly [address: string, seconds: number]>
  }
  sink: Sink
  pool: { readonly size: number, readonly busySeconds: number }
  cardinality: CardinalityGuard
}

interface Stored {
  address: string
  spans: readonly Span[]
  records: number
  oldestMs: number
}

/**
 * Counts in the metrics what happens in the pipeline, for each delivery, batch and push. Only records that Loki has
 * rejected are counted one by one.
 */
export class PipelineMetrics {
  readonly #metrics: Metrics
  readonly #tenants = new TenantNames()
  /** By the name of the tenant in the metrics. */
  readonly #waiting = new Map<string, number>()

  constructor (metrics: Metrics) {
    this.#metrics = metrics
  }

  readonly sinkEvents: SinkEvents = {
    onPush: report => this.#pushed(report),
    onRetry: reason => this.#metrics.pushRetries.inc({ reason }),
    onResent: (reason, records) => this.#metrics.recordsResent.inc({ reason }, records),
    onFound: records => this.#metrics.recordsFound.inc(records),
    onQuarantined: () => this.#metrics.recordsQuarantined.inc({ reason: 'refused' }),
    onBacklog: records => this.#metrics.recordsMended.inc({ reason: 'backlog' }, records),
    onDeadLettered: () => this.#metrics.recordsDeadLettered.inc({ reason: 'refused' }),
    onDeadLettersDeleted: records => this.#metrics.deadLettersDeleted.inc(records)
  }

  #dropRules: readonly string[] = []
  #redactRules: readonly string[] = []

  /** The rules of the settings, by whose indexes workers count. */
  useRules ({ drop, redact }: { drop: ReadonlyArray<{ name: string }>, redact: ReadonlyArray<{ name: string }> }): void {
    this.#dropRules = drop.map(({ name }) => name)
    this.#redactRules = redact.map(({ name }) => name)
  }

  /** The tenants of the settings have their series from the start, at 0. */
  expect (tenants: Iterable<string>): void {
    for (const tenant of tenants) {
      const name = this.#tenants.labelOf(tenant)
      this.#waiting.set(name, 0)
      this.#metrics.tenantLastPushSuccess.set({ tenant: name }, 0)
    }
  }

  /** Gauges, and values that others count, are read when the metrics are scraped. */
  observe ({ budgets, sources, flow, sink, pool, cardinality }: Observed): void {
    const metrics = this.#metrics
    observeSources(metrics, sources)
    const each = (read: (budget: Budget) => number) => () => [...budgets.values()].map(budget => [budget.address, read(budget)] as const)
    metrics.inflightBytes.from(each(({ used }) => used))
    metrics.inflightBytesLimit.from(each(({ limit }) => limit))
    metrics.queueBytes.from(() => {
      const pushed = [...sink.bytes.values()].reduce((sum, bytes) => sum + bytes, 0)
      return [['batch', flow.waitingBytes], ['worker', flow.encodingBytes], ['sink', pushed]]
    })
    metrics.workers.from(() => pool.size)
    metrics.workerBusy.from(() => pool.busySeconds)
    metrics.sinkShards.from(() => sink.shards)
    metrics.deadLetterBytes.from(() => sink.deadLetters?.bytes() ?? 0)
    metrics.deadLetterBytesLimit.from(() => sink.deadLetters?.maxBytes ?? 0)
    metrics.deadLetterBlocked.from(() => Number(sink.deadLetters?.blocked ?? false))
    metrics.streams.from(() => cardinality.count)
    metrics.oldestUnsettled.from(() => flow.oldestUnsettled())
    metrics.sinkShardsWaiting.from(() => RETRY_REASONS.map(reason => [reason, sink.waiting.get(reason) ?? 0] as const))
    metrics.tenantWaitingBytes.from(() => this.#waitingBytes(sink))
    metrics.tenantStreams.from(() => [...this.#tenants.named].map(tenant => [tenant, cardinality.countOf(tenant)] as const))
    metrics.tenantStreamsLimit.from(() => [...this.#tenants.named].flatMap(tenant => {
      const limit = cardinality.limit ?? sink.streamsLimit(tenant)
      return limit === undefined ? [] : [[tenant, limit] as const]
    }))
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

  encoded (address: string, { records, redelivered, empty, joined, dropped, redacted, quarantined, mended }: EncodeResult): void {
    this.#metrics.recordsReceived.inc({ address }, records)
    if (redelivered > 0) this.#metrics.recordsRedelivered.inc({ address }, redelivered)
    if (joined > 0) this.#metrics.recordsJoined.inc({ address }, joined)
    if (empty > 0) this.#metrics.recordsEmpty.inc({ address }, empty)
    for (const [i, rule] of this.#dropRules.entries()) this.#metrics.recordsDropped.inc({ rule }, dropped[i])
    for (const [i, rule] of this.#redactRules.entries()) this.#metrics.recordsRedacted.inc({ rule }, redacted[i])
    for (const [i, reason] of QUARANTINE_REASONS.entries()) {
      if ((quarantined[i] ?? 0) > 0) this.#metrics.recordsQuarantined.inc({ reason }, quarantined[i])
    }
    for (const [i, reason] of MEND_REASONS.entries()) {
      if ((mended[i] ?? 0) > 0) this.#metrics.recordsMended.inc({ reason }, mended[i])
    }
  }

  /** A batch is resolved. Its deliveries count as settled, except those whose connection is gone. */
  stored ({ address, spans, records, oldestMs }: Stored): void {
    const settled = spans.reduce((sum, { connection, first, last }) => connection.gone ? sum : sum + ((last - first) >>> 0) + 1, 0)
    this.#metrics.messagesSettled.inc({ address }, settled)
    this.#metrics.recordsStored.inc({ address }, records)
    if (!Number.isNaN(oldestMs)) this.#metrics.lag.observe({ address }, Math.max(0, (Date.now() - oldestMs) / 1000))
  }

  /** A tenant that was named once stays, at 0 while nothing of it waits. */
  #waitingBytes (sink: Sink): Iterable<readonly [tenant: string, bytes: number]> {
    for (const [tenant] of this.#waiting) this.#waiting.set(tenant, 0)
    for (const [tenant, bytes] of sink.bytes) {
      const name = this.#tenants.labelOf(tenant)
      this.#waiting.set(name, (this.#waiting.get(name) ?? 0) + bytes)
    }
    return this.#waiting
  }

  #pushed ({ answer, tenant, durationMs, bytes, rawBytes, records, parts }: PushReport): void {
    const metrics = this.#metrics
    metrics.pushes.inc({ status: pushStatus(answer) })
    metrics.pushDuration.observe(durationMs / 1000)
    metrics.pushBytes.observe(bytes)
    metrics.pushUncompressedBytes.observe(rawBytes)
    metrics.pushRecords.observe(records)
    metrics.pushParts.observe(parts)
    const label = { tenant: this.#tenants.labelOf(tenant) }
    if (answer.kind !== 'stored') return
    metrics.lastPushSuccess.setToCurrentTime()
    metrics.tenantLastPushSuccess.setToCurrentTime(label)
  }
}

function observeSources (metrics: Metrics, sources: readonly Source[]): void {
  const each = (read: (source: Source, address: string) => number) => () => {
    return sources.flatMap(source => source.addresses.map(({ address }) => [address, read(source, address)] as const))
  }
  const total = (name: keyof SourceCounters) => () => sources.reduce((sum, { counters }) => sum + (counters[name] ?? 0), 0)
  metrics.linkUp.from(each((source, address) => Number(source.reading(address).up)))
  metrics.credit.from(each((source, address) => source.reading(address).credit))
  const listeners = (name: 'connections' | 'waiting') => () => sources.flatMap(({ addresses, counters }) => {
    const count = counters[name]
    return count === undefined ? [] : addresses.map(({ address }) => [address, count] as const)
  })
  metrics.listenerConnections.from(listeners('connections'))
  metrics.listenerWaiting.from(listeners('waiting'))
  metrics.busConnects.from(total('connects'))
  metrics.busDisconnects.from(total('disconnects'))
  for (const source of sources) {
    for (const { address } of source.addresses) {
      metrics.datagramsDropped.from(() => source.counters.dropped, address)
      metrics.listenerAccepted.from(() => source.counters.accepted, address)
      metrics.listenerFaults.from(() => source.counters.faults, address)
      metrics.listenerRecognised.from(() => source.counters.recognised, address)
    }
  }
}
