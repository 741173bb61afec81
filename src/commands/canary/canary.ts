import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import type { CanaryOptions } from '../../cli/arguments.ts'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { ConfigError } from '../../errors.ts'
import { startSenders } from '../../generator/sender.ts'
import { cleanText, createLogger } from '../../log.ts'
import { type Admin, startAdmin } from '../../ops/admin.ts'
import { createCanaryMetrics } from '../../ops/canary-metrics.ts'
import { tenantAt } from '../../worker/messages/tenant-at.ts'
import type { Context } from '../context.ts'
import { busTarget, urlTarget } from '../load.ts'
import { numberedRecords } from './numbered.ts'
import { Reading } from './reading.ts'
import { Watch } from './watch.ts'

const PER_SECOND = 1
const POLL_MS = 1_000
/** A record that is not there is looked for as long as this. */
const LOOK_BACK_MS = 3_600_000
/** How long a stop waits for what is on its way. */
const STOP_MS = 5_000

/**
 * Sends a numbered record a second by the way of ordinary logs, and reads each back from Loki. What was missing,
 * doubled or late is on the admin port, until the command is stopped or its time is over. The exit code is 1 where a
 * record is missing or doubled, or none was stored.
 */
export async function canary (context: Context, options: CanaryOptions): Promise<number> {
  const { config, warnings } = loadConfig(context.env)
  for (const warning of warnings) context.stderr.write(`lokean: ${warning}\n`)
  const { name, form, ...target } = options.url === undefined ? busTarget(config, 1) : urlTarget(options.url, options)
  const run = randomBytes(4).toString('hex')
  const metrics = createCanaryMetrics()
  const reading = new Reading(config, { tenant: tenantOf(config, options), run })
  const watch = new Watch(context, { metrics, reading, withinMs: options.withinMs, lookBackMs: LOOK_BACK_MS })
  const log = createLogger({ level: config.logLevel, destination: 'stderr' })
  let admin: Admin | undefined
  try {
    admin = await startAdmin({ ...config.admin, registry: metrics.registry, status: () => watch.status, log })
    context.stderr.write(`Metrics: ${admin.url}/metrics\n`)
    const ended = new AbortController()
    const generator = numberedRecords({
      host: hostname(), cloud: options.cloud, run, form: form ?? 'amqp', onMade: (number, at) => watch.sent(number, at), now: Date.now
    })
    const sending = startSenders({
      ...target,
      generator,
      rate: PER_SECOND,
      connections: 1,
      duration: options.forMs,
      signal: context.stopping,
      drainTimeout: STOP_MS,
      onRetry: error => watch.say(`no connection to ${name}: ${cleanText(error.message)}; trying again`)
    }).finally(() => ended.abort())
    await Promise.all([sending, follow(watch, context, ended.signal, options.withinMs)])
    return watch.report(options.json)
  } finally {
    await admin?.close()
    await reading.close()
  }
}

/** Looks each second while records are sent, and then until all are there or missing; after a stop only for a while. */
async function follow (watch: Watch, { stopping }: Context, ended: AbortSignal, withinMs: number): Promise<void> {
  let deadline = Infinity
  while (!(ended.aborted && watch.waiting === 0) && performance.now() < deadline) {
    await watch.look()
    await pause(POLL_MS, undefined, { signal: ended.aborted ? undefined : ended }).catch(() => {})
    if (ended.aborted) deadline = Math.min(deadline, performance.now() + STOP_MS + (stopping.aborted ? 0 : withinMs))
  }
}

/** The tenant in which the first address of the settings puts the canary's records. */
function tenantOf (config: Config, options: CanaryOptions): string {
  return tenantAt(nameOf(config, options), options.url === undefined ? config.addresses[0]?.path : undefined)
}

function nameOf ({ addresses, loki: { tenant: rule } }: Config, { tenant, cloud, url }: CanaryOptions): string {
  const given = tenant ?? (url === undefined ? addresses[0]?.tenant : undefined)
  if (given !== undefined) return given
  if (rule.kind === 'none') return ''
  if (rule.kind === 'fixed') return rule.tenant
  if (rule.field === 'cloud') return cloud
  throw new ConfigError(`LOKEAN_LOKI_TENANT is {${rule.field}}, which the canary's records do not have: give its tenant by --tenant`)
}
