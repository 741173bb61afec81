import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cleanup } from '../helpers/cleanup.ts'
import { anySeed } from '../helpers/seed.ts'
import { leaveResult } from './results.ts'
import { Site, type SiteOptions } from './site.ts'

/** Fewer records would be through before the fault begins. */
const LEAST_RECORDS = 200_000
const TIMEOUT_MS = 240_000

/** The scenarios of the modules loaded so far, and whether they are listed only, not run. */
export const registry: { scenarios: Array<{ group: string, name: string }>, listOnly: boolean } = { scenarios: [], listOnly: false }

/**
 * Defines a test that sends at least 200,000 records through a fault and reconciles each with the store: none is
 * missing, and no more are stored twice than were pushed or sent again. The test prints its seed; `LOKEAN_TEST_SEED`
 * sets it. `skip` returns why the test cannot run here.
 */
export function scenario (
  group: string, name: string, options: SiteOptions & { skip?: () => string | false }, body: (site: Site) => Promise<void>
): void {
  registry.scenarios.push({ group, name })
  if (registry.listOnly) return
  test(`${group}: ${name}`, { timeout: TIMEOUT_MS, skip: options.skip?.() }, async t => {
    const seed = anySeed()
    t.diagnostic(`${name}: seed ${seed}`)
    const site = await Site.open(Cleanup.of(t), seed, options)
    const start = performance.now()
    await Promise.race([body(site), site.broken])
    const { sent, stored, missing, storedTwice, resent } = await Promise.race([site.reconcile(), site.broken])
    const result = {
      group,
      name,
      seed,
      sent,
      stored,
      missing,
      storedTwice,
      resent,
      recoverySeconds: site.recoverySeconds,
      caughtUp: site.caughtUp,
      seconds: (performance.now() - start) / 1000
    }
    t.diagnostic(JSON.stringify(result))
    assert.equal(missing, 0)
    assert.ok(storedTwice <= resent, `${storedTwice} are stored twice, but only ${resent} were sent again`)
    assert.ok(sent >= LEAST_RECORDS, `${sent} records are too few`)
    leaveResult(result)
  })
}
