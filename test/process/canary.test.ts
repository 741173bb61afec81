import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../src/commands/demo/free-port.ts'
import { startBus, type EmbeddedBus } from '../../src/embedded/bus/bus.ts'
import type { Intercept } from '../../src/embedded/loki/push/fault.ts'
import { startLoki, type EmbeddedLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { BOUNDED, httpGet, Program, startRun } from '../helpers/program.ts'

interface Report {
  sent: number, stored: number, missing: number, late: number, doubled: number, waiting: number, delaySeconds: { mean: number, max: number }
}

interface Site { cleanup: Cleanup, bus: EmbeddedBus, loki: EmbeddedLoki, env: Record<string, string> }

async function site (t: TestContext, intercept?: Intercept): Promise<Site> {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const loki = await startLoki({ ...intercept === undefined ? {} : { intercept } })
  cleanup.add(async () => { await loki.close() })
  return { cleanup, bus, loki, env: { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url } }
}

function startCanary ({ cleanup, env }: Site, ...flags: string[]): Program {
  return new Program(cleanup, ['canary', ...flags], { LOKEAN_ADMIN_ADDR: '127.0.0.1:0', ...env })
}

async function scrape (canary: Program): Promise<Map<string, number>> {
  const [, url] = await canary.said(/Metrics: (\S+)/)
  const { body } = await httpGet(url)
  return new Map(body.split('\n').filter(line => line.startsWith('lokean')).map(line => [line.split(' ')[0], Number(line.split(' ')[1])]))
}

/** Resolves with the metrics once `what` holds for them. */
async function scrapedUntil (canary: Program, what: (metrics: Map<string, number>) => boolean): Promise<Map<string, number>> {
  for (;;) {
    const metrics = await scrape(canary)
    if (what(metrics)) return metrics
    assert.equal(canary.exit, undefined)
    await pause(20)
  }
}

test('a record a second comes back from Loki; metrics and the last line tell of it', BOUNDED, async t => {
  const all = await site(t)
  startRun(all.cleanup, all.env)
  const canary = startCanary(all, '--json')
  const metrics = await scrapedUntil(canary, found => (found.get('lokean_canary_stored_total') ?? 0) >= 2)
  assert.ok(metrics.get('lokean_canary_sent_total')! >= 2)
  assert.deepEqual(['missing', 'late', 'doubled', 'read_failures'].map(name => metrics.get(`lokean_canary_${name}_total`)), [0, 0, 0, 0])
  assert.equal(metrics.get('lokean_canary_delay_seconds_count'), metrics.get('lokean_canary_stored_total'))
  const { code, stdout } = await canary.stop()
  assert.equal(code, 0)
  const { sent, stored, missing, late, doubled, waiting, delaySeconds } = JSON.parse(stdout) as Report
  assert.deepEqual([missing, late, doubled, stored + waiting], [0, 0, 0, sent])
  assert.ok(delaySeconds.max >= delaySeconds.mean)
  const [labels] = all.loki.store.streams('fake').map(({ text }) => text)
  assert.match(labels, /^\{cloud="canary", host="[^"]+", service_name="lokean-canary", source="lokean-canary"\}$/)
})

test('what Loki says it stored, and did not, is missing; what it has twice is doubled', BOUNDED, async t => {
  let lies = true
  const all = await site(t, () => lies ? { kind: 'answer', status: 204 } : undefined)
  startRun(all.cleanup, all.env)
  const canary = startCanary(all, '--within', '1s', '--json')
  await scrapedUntil(canary, found => (found.get('lokean_canary_missing_total') ?? 0) > 0)
  lies = false
  await scrapedUntil(canary, found => (found.get('lokean_canary_stored_total') ?? 0) > 0)
  // Each again, a nanosecond later.
  const push = async (): Promise<void> => {
    const again: unknown[] = []
    all.loki.store.forEach(({ labels, seconds, nanos, buf, lineStart, lineEnd }) => again.push({
      stream: Object.fromEntries(labels.labels.map(({ name, value }) => [name, value])),
      values: [[`${seconds}${String(nanos + 1).padStart(9, '0')}`, buf.toString('utf8', lineStart, lineEnd)]]
    }))
    const { status } = await fetch(`${all.loki.url}/loki/api/v1/push`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ streams: again })
    })
    assert.equal(status, 204)
  }
  let metrics = await scrape(canary)
  for (const wait = AbortSignal.timeout(20_000); metrics.get('lokean_canary_doubled_total') === 0; metrics = await scrape(canary)) {
    wait.throwIfAborted()
    await push()
  }
  const { code, stdout } = await canary.stop()
  const { missing, doubled } = JSON.parse(stdout) as Report
  assert.deepEqual([code, missing > 0, doubled > 0], [1, true, true])
})

test('by RELP it goes the same way; a Loki that does not answer makes nothing missing', BOUNDED, async t => {
  const all = await site(t)
  const url = `relp://127.0.0.1:${await freePort()}`
  const run = startRun(all.cleanup, { ...all.env, LOKEAN_AMQP_ADDRESSES: 'off', LOKEAN_LISTEN: url })
  await run.admin()
  const canary = startCanary(all, '--url', url, '--within', '1s', '--json')
  await scrapedUntil(canary, found => (found.get('lokean_canary_stored_total') ?? 0) > 0)
  await all.loki.close()
  const metrics = await scrapedUntil(canary, found => (found.get('lokean_canary_read_failures_total') ?? 0) > 2)
  assert.equal(metrics.get('lokean_canary_missing_total'), 0)
  await canary.said(/cannot read from Loki: /)
  assert.equal((await canary.stop()).code, 0)
})

test('where nothing is stored, it says so by its exit code', BOUNDED, async t => {
  const all = await site(t)
  const { code, stdout } = await startCanary(all, '--for', '1s', '--within', '1s', '--json').exited
  const { stored } = JSON.parse(stdout) as Report
  assert.deepEqual([code, stored], [1, 0])
})
