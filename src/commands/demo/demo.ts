import { setTimeout as pause } from 'node:timers/promises'
import type { DemoOptions } from '../../cli/arguments.ts'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { type LokiThread, startLokiThread } from '../../embedded/loki/thread.ts'
import { LokiQuery } from './query.ts'
import { type Reconciled, reconcileByQuery } from './reconcile.ts'
import { createLogger } from '../../log.ts'
import { Problems } from '../../ops/page/problems.ts'
import { type Service, startService } from '../../pipeline/service.ts'
import { LokiClient } from '../../sink/client.ts'
import { VERSION } from '../../version.ts'
import { type Context, stopAsked } from '../context.ts'
import { runLoad } from '../load.ts'
import { openWay, type Way } from './way.ts'

/** The last line of `--json`. */
interface Report extends Reconciled {
  sent: number
  streams: number
  seconds: number
  recordsPerSecond: number
  query: { selector: string, lines: string[] }
}

/** Every record of the generator has this text in front of its number. */
const MARKER = ' seq='
/** The query from the talk that showed the former chain. */
const SELECTOR = '{cloud="cloud1", source="sudo"}'
const SHOWN_LINES = 10
const STORED_POLL_MS = 20

/**
 * Sends synthetic logs through the whole pipeline, and reconciles every record sent with every record stored. The bus
 * and Loki are embedded, each in a thread of its own, unless the environment names real ones; `--via` goes without a
 * bus. The exit code is 1 where a record is missing or stored twice.
 */
export async function demo (context: Context, options: DemoOptions): Promise<number> {
  const owned: Array<{ close (): Promise<unknown> }> = []
  const own = <T extends { close (): Promise<unknown> }>(resource: T): T => { owned.unshift(resource); return resource }
  try {
    // Reads the settings before it starts anything, so that wrong settings start nothing.
    const { given } = loadConfig(context.env)
    const loki = given.has('LOKEAN_LOKI_URL') ? undefined : own(await startLokiThread(LOKI_OPTIONS))
    const way = await openWay(options, given)
    own(way.thread)
    const { config, warnings } = loadConfig({
      LOKEAN_ADMIN_ADDR: '127.0.0.1:0',
      LOKEAN_LOG_LEVEL: 'warn',
      ...context.env,
      ...(loki === undefined ? {} : { LOKEAN_LOKI_URL: loki.url }),
      ...way.settings,
      // What a rule drops would count as missing.
      LOKEAN_DROP: ''
    })
    const problems = new Problems()
    const log = createLogger({ level: config.logLevel, destination: 'stderr', onProblem: line => problems.add(line) })
    for (const warning of warnings) log.warn(warning)
    const service = await startService(config, log, problems)
    owned.unshift({ close: service.stop })
    if (options.keep) context.stderr.write(`Live page: ${service.admin.url}/\n`)
    const report = await perform(context, options, config, way, service, loki)
    context.stdout.write(options.json
      ? `${JSON.stringify(report)}\n`
      : describe(report, options.seed, loki === undefined, way))
    if (options.keep && !context.stopping.aborted) {
      context.stderr.write(`Loki: ${config.loki.urls[0]}  metrics: ${service.admin.url}/metrics\nLive page: ${service.admin.url}/\nStays up for it until Ctrl-C. Grafana's Explore and Logs Drilldown, and logcli, may be pointed at this Loki.\n`)
      await stopAsked(context.stopping)
    }
    return report.missing === 0 && report.duplicates === 0 ? 0 : 1
  } finally {
    for (const resource of owned) await resource.close()
  }
}

/** The demo is the only tenant. So the limits that protect other tenants are off, and memory is the limit. */
const LOKI_OPTIONS = {
  version: '3.7.6',
  limits: { rateBytes: Infinity, burstBytes: Infinity, streams: Infinity },
  maxEntries: 4_000_000,
  maxBytes: 2 ** 30,
  countDropped: MARKER
} as const

async function perform (
  context: Context, options: DemoOptions, config: Config, way: Way, service: Service, loki: LokiThread | undefined
): Promise<Report> {
  const started = BigInt(Date.now() - 1000) * 1_000_000n
  const { sent, seconds } = await runLoad(context, options, way.target(config), way.thread)
  if (!way.acknowledges) await stored(service)
  const range = { start: started, end: BigInt(Date.now() + 1000) * 1_000_000n }
  const client = new LokiClient({ ...config.loki, timeoutMs: 60_000 }, VERSION)
  try {
    const query = new LokiQuery(client, tenantOf(config))
    if (loki === undefined) context.stderr.write('Reading back what the store has ...\n')
    const reconciled = loki === undefined ? await reconcileByQuery(query, MARKER, sent, range) : await reconcileEmbedded(loki, sent)
    return {
      sent,
      ...reconciled,
      streams: await query.streams('{cloud=~".+"}', range),
      seconds: round(seconds),
      recordsPerSecond: Math.round(sent / seconds),
      query: { selector: SELECTOR, lines: (await query.lines(SELECTOR, range, SHOWN_LINES)).map(({ line }) => line) }
    }
  } finally {
    await client.close()
  }
}

/** What was written to a connection that has closed is read. Resolves when nothing of it is on its way to Loki. */
async function stored ({ pipeline }: Service): Promise<void> {
  while (pipeline.inflightBytes > 0) await pause(STORED_POLL_MS)
}

async function reconcileEmbedded (loki: LokiThread, sent: number): Promise<Reconciled> {
  const { missing, repeated, quarantined } = await loki.reconcile({ marker: MARKER, expected: sent })
  return { stored: sent - missing, missing, duplicates: repeated, quarantined }
}

/** All records of the generator have cloud1. Where the tenant is the cloud, the query must ask for this tenant. */
function tenantOf ({ loki: { tenant } }: Config): string {
  return tenant.kind === 'none' ? '' : tenant.kind === 'fixed' ? tenant.tenant : 'cloud1'
}

function round (seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}

function describe (report: Report, seed: number, realLoki: boolean, way: Way): string {
  const { sent, stored, missing, duplicates, quarantined, streams, seconds, recordsPerSecond, query } = report
  const number = (value: number): string => value.toLocaleString('en')
  return [
    '',
    query.selector,
    ...query.lines.map(line => `  ${line}`),
    '',
    `  sent        ${number(sent)} records ${way.words} (seed ${seed})`,
    `  stored      ${number(stored)} in ${number(streams)} streams of ${realLoki ? 'the Loki of LOKEAN_LOKI_URL' : 'the embedded Loki'}`,
    `  missing     ${number(missing)}`,
    `  duplicates  ${number(duplicates)}`,
    `  quarantined ${number(quarantined)}`,
    `  took        ${seconds} s, ${number(recordsPerSecond)} records/s`,
    ''
  ].join('\n')
}
