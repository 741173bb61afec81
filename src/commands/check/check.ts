import { loadConfig } from '../../config/load.ts'
import type { Context } from '../context.ts'
import { tryAdmin } from './admin.ts'
import { tryBus } from './bus.ts'
import { describe } from './describe.ts'
import { inJson } from './finding.ts'
import { checkLog } from './log-file.ts'
import { tryLoki } from './loki.ts'
import { sample } from './sample.ts'

/**
 * Tries the settings, the bus, each distributor and the admin port. Shows how a sample record would be stored. Stores
 * nothing but an entry of its own for each tenant, and not even that without `push`. The exit code is 1 where a check
 * fails.
 */
export async function check (context: Context, { json, push, file }: { json: boolean, push: boolean, file?: string }): Promise<number> {
  const { config, warnings } = loadConfig(context.env)
  if (file !== undefined) return await checkLog(context, config, file, json)
  const [bus, { loki, limits }, admin, { record, others }] = await Promise.all([
    tryBus(config), tryLoki(config, push), tryAdmin(config.admin), sample(context, config)
  ])
  const ok = [bus, admin, ...loki].every(finding => finding.ok)
  const report = { warnings, bus, loki, limits, admin, record, others }
  const text = json
    ? `${JSON.stringify({ ok, ...report, bus: inJson(bus), loki: loki.map(inJson), admin: inJson(admin) })}\n`
    : describe(config, report)
  context.stdout.write(text)
  return ok ? 0 : 1
}
