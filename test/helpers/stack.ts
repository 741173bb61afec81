import type { TestContext } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { type BusOptions, type EmbeddedBus, startBus } from '../../src/embedded/bus/bus.ts'
import { type EmbeddedLoki, type LokiOptions, startLoki } from '../../src/embedded/loki/server.ts'
import { createLogger } from '../../src/log.ts'
import { createMetrics, type Metrics } from '../../src/ops/metrics.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../../src/worker/messages/reasons.ts'
import { Cleanup } from './cleanup.ts'
import { RawSender } from './raw-sender.ts'

export interface StackOptions {
  env?: Record<string, string>
  loki?: LokiOptions
  bus?: BusOptions
  /** Worker threads: one by default, as each takes its time to start. */
  workers?: number
  /** Whether to start the pipeline at once; true by default. */
  start?: boolean
}

/**
 * The real pipeline with real worker threads, between an embedded bus and an embedded Loki. Everything closes after the
 * test.
 */
export class Stack {
  readonly bus: EmbeddedBus
  readonly loki: EmbeddedLoki
  readonly pipeline: Pipeline
  readonly metrics: Metrics
  readonly log: string[]
  readonly cleanup: Cleanup
  #stopped = false

  private constructor (parts: Pick<Stack, 'bus' | 'loki' | 'pipeline' | 'metrics' | 'log' | 'cleanup'>) {
    this.bus = parts.bus
    this.loki = parts.loki
    this.pipeline = parts.pipeline
    this.metrics = parts.metrics
    this.log = parts.log
    this.cleanup = parts.cleanup
  }

  static async start (t: TestContext, options: StackOptions = {}): Promise<Stack> {
    const cleanup = Cleanup.of(t)
    const bus = await startBus(options.bus)
    cleanup.add(async () => { await bus.close() })
    const loki = await startLoki({ ...options.loki, limits: { rateBytes: Infinity, burstBytes: Infinity, ...options.loki?.limits } })
    cleanup.add(async () => { await loki.close() })
    const { config } = loadConfig({
      LOKEAN_AMQP_URL: bus.url,
      LOKEAN_LOKI_URL: loki.url,
      LOKEAN_WORKERS: String(options.workers ?? 1),
      LOKEAN_DRAIN_TIMEOUT: '2s',
      ...options.env
    })
    const log: string[] = []
    const metrics = createMetrics({
      version: 'test',
      addresses: config.addresses.map(({ address }) => address),
      quarantineReasons: QUARANTINE_REASONS,
      mendReasons: MEND_REASONS,
      deadLetterReasons: ['refused'],
      dropRules: config.drop.map(({ name }) => name),
      redactRules: config.redact.map(({ name }) => name),
      processMetrics: false
    })
    const logger = createLogger({ level: 'debug', destination: { write: (line: string) => { log.push(line) } } })
    const pipeline = await Pipeline.create({ config, log: logger, metrics, version: 'test' })
    const stack = new Stack({ bus, loki, pipeline, metrics, log, cleanup })
    cleanup.add(async () => { await stack.stop() })
    if (options.start !== false) pipeline.start()
    return stack
  }

  /** Stops the pipeline. Later calls do nothing. */
  async stop (): Promise<{ unsettledBytes: number } | undefined> {
    if (this.#stopped) return undefined
    this.#stopped = true
    return await this.pipeline.stop()
  }

  async sender (address = 'rsyslog/logs'): Promise<RawSender> {
    const sender = await RawSender.connect(this.bus.port, address)
    this.cleanup.add(async () => { await sender.close() })
    return sender
  }

  /** Returns all stored entries in order of arrival. Times are nanoseconds since the epoch. */
  stored (tenant?: string): Array<{ labels: string, time: bigint, line: Buffer, tenant: string }> {
    const entries: Array<{ labels: string, time: bigint, line: Buffer, tenant: string }> = []
    this.loki.store.forEach(({ labels, seconds, nanos, buf, lineStart, lineEnd }) => {
      entries.push({
        labels: labels.text,
        tenant: labels.tenant,
        time: BigInt(seconds) * 1_000_000_000n + BigInt(nanos),
        line: Buffer.from(buf.subarray(lineStart, lineEnd))
      })
    }, tenant)
    return entries
  }

  async metric (name: string, labels: Record<string, string> = {}): Promise<number> {
    const metric = await this.metrics.registry.getSingleMetric(name)?.get()
    const value = metric?.values.find(one => Object.entries(labels).every(([key, wanted]) => one.labels[key] === wanted))
    if (value === undefined) throw new Error(`no series ${name}${JSON.stringify(labels)}`)
    return value.value
  }
}
