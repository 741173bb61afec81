import { ArrivalClock } from '../batch/arrival-clock.ts'
import { Buffers } from '../batch/buffers.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import { CardinalityGuard } from '../ops/cardinality.ts'
import type { Metrics } from '../ops/metrics.ts'
import { LoudestHosts } from '../ops/page/loudest-hosts.ts'
import { LokiSink, type LokiSinkOptions } from '../sink/loki-sink.ts'
import type { Sink } from '../sink/sink.ts'
import type { Budget } from '../source/budget/budget.ts'
import { shareOut } from '../source/budget/share-out.ts'
import { openSources } from '../source/open.ts'
import type { Source } from '../source/source.ts'
import { Attempts } from '../worker/pool/attempts.ts'
import { WorkerPool } from '../worker/pool/pool.ts'
import type { Around, Encode } from './around.ts'
import { encoderSettings } from './encoder-settings.ts'
import { Flow } from './flow.ts'
import { MemoryReturn } from './memory-return.ts'
import { PipelineMetrics } from './pipeline-metrics.ts'

export interface StageOptions {
  config: Config
  log: Logger
  metrics: Metrics
  version: string
  /** Default: the sources that the settings name. */
  openSources?: typeof openSources
  /** Default: LokiSink. */
  openSink?: (options: LokiSinkOptions) => Promise<Sink>
  around?: Around
}

export interface Stages {
  sources: readonly Source[]
  flow: Flow
  pool: WorkerPool
  sink: Sink
  cardinality: CardinalityGuard
  hosts: LoudestHosts
  memory: MemoryReturn
  /** Its signal ends all waits in the stages. */
  closing: AbortController
}

/**
 * A batch holds as many bytes as this many pushes. It is spread over the shards, so it must be larger than a push: else
 * the parts would be small.
 */
const BATCH_PUSHES = 4

/**
 * Makes the stages and joins them. Nothing is connected yet. Where a setting cannot be used, the promise rejects with
 * ConfigError, and nothing is left open. `onBroken` is called when the workers cannot go on.
 */
export async function openStages (options: StageOptions, onBroken: (error: Error) => void): Promise<Stages> {
  const { config, log, metrics, version, around } = options
  const budgets = shareOut(config.inflightBytes, config.addresses.map(({ address }) => address))
  const budgetOf = (address: string): Budget => {
    const budget = budgets.get(address)
    if (budget === undefined) throw new RangeError(`the address ${address} has no budget`)
    return budget
  }
  const sources = await (options.openSources ?? openSources)(config, budgetOf, log)
  const cardinality = new CardinalityGuard(config.maxStreams, log)
  const clock = new ArrivalClock()
  const arrival = (nanoseconds: number) => clock.reserve(nanoseconds)
  const pool = new WorkerPool({
    workers: config.workers,
    timeoutMs: config.workerTimeoutMs,
    settings: { ...encoderSettings(config), activeStreams: cardinality.memory },
    onFailure: kind => metrics.workerFailures.inc({ kind }),
    onBroken
  })
  try {
    const pipelineMetrics = new PipelineMetrics(metrics)
    pipelineMetrics.expect(tenantsOf(config))
    pipelineMetrics.useRules(config)
    const openSink = options.openSink ?? (async (options: LokiSinkOptions) => await LokiSink.open(options))
    const sink = await openSink({
      config,
      version,
      log,
      events: pipelineMetrics.sinkEvents,
      bisect: async task => await pool.bisect(task),
      backlog: async task => await pool.backlog(task),
      shapes: async task => await pool.shapes(task),
      lookUp: async task => await pool.lookUp(task),
      subtract: async task => await pool.subtract(task),
      arrival,
      onStored: stream => cardinality.stored(stream),
      streamsOf: tenant => cardinality.countOf(tenant)
    })
    const buffers = batchBuffers(config)
    const memory = new MemoryReturn({ pool, buffers })
    const hosts = new LoudestHosts()
    const closing = new AbortController()
    const attempts = new Attempts({
      pool,
      arrival,
      replaceBuffer: (buffer, bytes) => buffers.replace(buffer, bytes),
      log,
      closing: closing.signal
    })
    const encode: Encode = async (batch, transfer) => {
      memory.encoding(batch.length)
      return await attempts.encode(batch, transfer)
    }
    const flow = new Flow({
      sources,
      budgets,
      buffers,
      workers: config.workers,
      lingerMs: config.lingerMs,
      encode: around?.encode(encode) ?? encode,
      ticketOf: around === undefined ? undefined : (batch, ticket) => around.ticket(batch, ticket),
      closing: closing.signal,
      sink,
      cardinality,
      hosts,
      metrics: pipelineMetrics
    })
    pipelineMetrics.observe({ budgets, sources, flow, sink, pool, cardinality })
    return { sources, flow, pool, sink, cardinality, hosts, memory, closing }
  } catch (error) {
    await Promise.all([pool.close(), ...sources.map(async source => { await source.close() })])
    throw error
  }
}

/** The tenants that the settings name. Others come from records. */
function tenantsOf ({ addresses, loki: { tenant: rule } }: Config): Set<string> {
  const otherwise = rule.kind === 'none' ? '' : rule.kind === 'fixed' ? rule.tenant : undefined
  return new Set(addresses.map(({ tenant }) => tenant ?? otherwise).filter(tenant => tenant !== undefined))
}

/**
 * Keeps as many buffers as the budget can fill, one that is filling for each address, and one for each worker. So under
 * load no buffer is made anew.
 */
function batchBuffers ({ pushBytes, inflightBytes, addresses, workers }: Config): Buffers {
  const batchBytes = BATCH_PUSHES * pushBytes
  return new Buffers(batchBytes, Math.ceil(inflightBytes / batchBytes) + addresses.length + workers)
}
