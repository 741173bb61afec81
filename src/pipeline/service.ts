import { type Admin, cleanStatus, startAdmin } from '../ops/admin.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import { createMetrics, type Metrics } from '../ops/metrics.ts'
import { LivePage } from '../ops/page/page.ts'
import type { Problems } from '../ops/page/problems.ts'
import { encoderSettings } from './encoder-settings.ts'
import { sourceNames } from '../source/open.ts'
import { Pipeline } from './pipeline.ts'
import type { Checks } from '../worker/messages/tasks.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../worker/messages/reasons.ts'
import { VERSION } from '../version.ts'

/** The pipeline with its admin port. `run` runs it, and so does `demo`, between its own bus and Loki. */
export interface Service {
  pipeline: Pipeline
  admin: Admin
  /** Drains the pipeline, and closes everything. */
  stop (): Promise<{ unsettledBytes: number }>
  /** Closes everything as it is. Deliveries in flight stay unsettled. */
  close (): Promise<void>
}

const STARTING = { ok: false, detail: 'starting' }

/**
 * `problems` are the log's problems, for the live page. Where the admin port, a socket or the dead-letter directory
 * cannot be used, the promise rejects with ConfigError, and nothing is left open.
 */
export async function startService (config: Config, log: Logger, problems: Problems): Promise<Service> {
  const metrics = createMetrics({
    version: VERSION,
    addresses: config.addresses.map(({ address }) => address),
    quarantineReasons: QUARANTINE_REASONS,
    mendReasons: MEND_REASONS,
    deadLetterReasons: ['refused'],
    dropRules: config.drop.map(({ name }) => name),
    redactRules: config.redact.map(({ name }) => name)
  })
  let pipeline: Pipeline | undefined
  const starting: Checks = { ...Object.fromEntries(sourceNames(config).map(name => [name, STARTING])), loki: STARTING }
  const status = () => pipeline?.status() ?? { ready: false, checks: starting }
  const admin = await startAdmin({
    ...config.admin,
    registry: metrics.registry,
    status,
    page: new LivePage({
      registry: metrics.registry,
      surroundings: () => ({
        version: VERSION,
        shards: config.shards,
        inflightBytes: config.inflightBytes,
        checks: cleanStatus(status()).checks,
        hosts: pipeline?.loudestHosts ?? [],
        problems: problems.latest
      }),
      log
    }),
    log
  })
  try {
    pipeline = await Pipeline.create({ config, log, metrics, version: VERSION })
  } catch (error) {
    await admin.close()
    throw error
  }
  log.info(startFacts(config, pipeline, admin), 'lokean is up')
  pipeline.start()
  return {
    pipeline,
    admin,
    stop: async () => await stop(pipeline, admin, metrics, log),
    close: async () => { await Promise.all([pipeline.close(), admin.close()]) }
  }
}

async function stop (pipeline: Pipeline, admin: Admin, metrics: Metrics, log: Logger): Promise<{ unsettledBytes: number }> {
  const start = performance.now()
  log.info({ inflightBytes: pipeline.inflightBytes }, 'stopping: taking no more, storing what is in flight')
  const outcome = await pipeline.stop()
  await admin.close()
  const [resentRecords, redeliveredRecords] = [await totalOf(metrics.recordsResent), await totalOf(metrics.recordsRedelivered)]
  const facts = { ...outcome, resentRecords, redeliveredRecords, ms: Math.round(performance.now() - start) }
  if (outcome.unsettledBytes === 0) log.info(facts, 'stopped')
  else log.warn(facts, 'stopped by the drain timeout: what is unsettled stays with the bus')
  return outcome
}

async function totalOf (counter: Metrics['recordsResent'] | Metrics['recordsRedelivered']): Promise<number> {
  const { values } = await counter.get()
  return values.reduce((sum, { value }) => sum + value, 0)
}

/** Where the process reads from, where it writes, and with how many workers and shards. */
function startFacts (config: Config, pipeline: Pipeline, admin: Admin): object {
  const { origins } = encoderSettings(config)
  return {
    version: VERSION,
    node: process.version,
    ...pipeline.startFacts,
    origins: origins.length === 0 ? undefined : origins,
    loki: config.loki.urls,
    labels: config.loki.labels.length === 0 ? undefined : config.loki.labels,
    drop: rulesOf(config.drop),
    redact: rulesOf(config.redact),
    workers: config.workers,
    shards: config.shards,
    inflightBytes: config.inflightBytes,
    admin: admin.url
  }
}

/** The names of rules; undefined where there are none. */
function rulesOf (rules: ReadonlyArray<{ name: string }>): string[] | undefined {
  return rules.length === 0 ? undefined : rules.map(({ name }) => name)
}
