import type { Config } from '../../config/config.ts'
import { type Certificate, certificatesOf } from '../../config/expiry.ts'
import { loadConfig } from '../../config/load.ts'
import type { Context } from '../context.ts'
import { tryAdmin } from './admin.ts'
import { tryBus } from './bus.ts'
import { describe, type Tried } from './describe.ts'
import { inJson } from './finding.ts'
import { checkLog } from './log-file.ts'
import { tryLoki } from './loki.ts'
import { sample } from './sample.ts'

interface CheckOptions {
  json: boolean
  push: boolean
  /** Nothing is connected to. */
  offline: boolean
  file?: string
}

/**
 * Tries the settings, the bus, each distributor and the admin port. Shows how a sample record would be stored. Stores
 * nothing but an entry of its own for each tenant, and not even that without `push`. The exit code is 1 where a check
 * fails.
 */
export async function check (context: Context, { json, push, offline, file }: CheckOptions): Promise<number> {
  const { config, warnings } = loadConfig(context.env)
  if (file !== undefined) return await checkLog(context, config, file, json)
  const [tried, { record, others }] = await Promise.all([offline ? undefined : tryPeers(config, push), sample(context, config)])
  const certificates = certificatesOf(config.certificateEnds.current, Date.now())
  const ok = tried === undefined || [tried.bus, tried.admin, ...tried.loki].every(finding => finding.ok)
  const text = json
    ? `${JSON.stringify({ ok, warnings, certificates: endsOf(certificates), ...tried === undefined ? {} : peersInJson(tried), record, others })}\n`
    : describe(config, { warnings, certificates, tried, record, others })
  context.stdout.write(text)
  return ok ? 0 : 1
}

async function tryPeers (config: Config, push: boolean): Promise<Tried> {
  const [bus, { loki, limits }, admin] = await Promise.all([tryBus(config), tryLoki(config, push), tryAdmin(config.admin)])
  return { bus, loki, limits, admin }
}

function endsOf (certificates: readonly Certificate[]): object[] {
  return certificates.map(({ setting, ends, soon }) => ({ setting, ends, soon }))
}

function peersInJson ({ bus, loki, limits, admin }: Tried): object {
  return { bus: inJson(bus), loki: loki.map(inJson), limits, admin: inJson(admin) }
}
