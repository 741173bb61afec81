import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { BOUNDED, type Program, startRun } from '../helpers/program.ts'
import { ADDRESS, MARKER, NumberedSender } from './numbered-sender.ts'

interface Readiness { ready: boolean, checks: Record<'bus' | 'loki', { ok: boolean, detail: string }> }

/** Asks both probes. The liveness probe must never fail. */
async function probe (run: Program): Promise<{ status: number } & Readiness> {
  assert.deepEqual(await run.ask('/healthz'), { status: 200, body: 'ok\n' })
  const { status, body } = await run.ask('/readyz')
  return { status, ...JSON.parse(body) as Readiness }
}

/** Asks until the answer is this one. Each question also gives the other process a turn. */
async function probeUntil (run: Program, wanted: number): Promise<Readiness> {
  for (;;) {
    const answer = await probe(run)
    if (answer.status === wanted) return answer
  }
}

test('with bus and Loki down it waits and says so; each is used as soon as it is there', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  await bus.stop()
  const down = await startLoki()
  const { url, port } = down
  await down.close()
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: url, LOKEAN_WORKERS: '2', LOKEAN_SHARDS: '3' })

  const { bus: from, addresses, loki: to, workers, shards, admin } = await run.logged('lokean is up')
  assert.deepEqual({ from, addresses, to, workers, shards }, { from: [bus.url], addresses: [ADDRESS], to: [url], workers: 2, shards: 3 })
  assert.match(String(admin), /^http:\/\/127\.0\.0\.1:\d+$/)
  const { level, reason } = await run.logged('no connection to the bus; trying again')
  assert.deepEqual({ level, reason }, { level: 'warn', reason: `connect ECONNREFUSED 127.0.0.1:${bus.port}` })
  const refused = await run.logged('Loki is not ready; asking again')
  assert.deepEqual({ level: refused.level, mend: refused.mend }, { level: 'warn', mend: 'is Loki up, and LOKEAN_LOKI_URL right?' })
  const { status, checks } = await probe(run)
  assert.equal(status, 503)
  assert.match(checks.bus.detail, /ECONNREFUSED/)
  assert.match(checks.loki.detail, /ECONNREFUSED/)

  await bus.start()
  await run.logged('receiving')
  const withBus = await probe(run)
  assert.deepEqual([withBus.status, withBus.checks.bus.ok, withBus.checks.loki.ok], [503, true, false])
  const sender = await NumberedSender.start(cleanup, bus, 30)
  await bus.until(({ [ADDRESS]: { delivered } }) => delivered > 0)
  assert.equal(bus.stats()[ADDRESS].accepted, 0)

  const loki = await startLoki({ port })
  cleanup.add(async () => { await loki.close() })
  await sender.done
  await run.logged('Loki answers')
  assert.deepEqual((await probeUntil(run, 200)).checks.loki.ok, true)
  const { missing, repeated } = loki.store.countIds(MARKER, { expected: sender.records })
  assert.deepEqual({ missing, repeated }, { missing: 0, repeated: 0 })

  await sender.close()
  await bus.stop()
  await run.logged('lost the bus; connecting again')
  const without = await probeUntil(run, 503)
  assert.deepEqual([without.checks.bus.ok, without.checks.loki.ok], [false, true])
  const { code, stderr } = await run.stop()
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
})

/** Series that exist at 0 before anything has happened. */
const PRESET = [
  'lokean_records_received_total{address="a"} 0',
  'lokean_records_stored_total{address="b"} 0',
  'lokean_messages_received_total{address="a"} 0',
  'lokean_messages_settled_total{address="b"} 0',
  'lokean_records_quarantined_total{reason="invalid_json"} 0',
  'lokean_records_quarantined_total{reason="too_old"} 0',
  'lokean_records_quarantined_total{reason="refused"} 0',
  'lokean_records_mended_total{reason="line_split"} 0',
  'lokean_records_dead_lettered_total{reason="refused"} 0',
  'lokean_push_retries_total{reason="429"} 0',
  'lokean_pushes_total{status="2xx"} 0',
  'lokean_push_duration_seconds_count 0',
  'lokean_push_bytes_count 0',
  'lokean_lag_seconds_count{address="a"} 0',
  'lokean_inflight_bytes{address="a"} 0',
  'lokean_queue_bytes{stage="sink"} 0',
  'lokean_link_up{address="a"} 1',
  'lokean_workers 1'
]

test('the admin port has every series from the start and the live page, answers nothing else, and closes with the rest', async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: bus.url, LOKEAN_AMQP_ADDRESSES: 'a,b', LOKEAN_LOKI_URL: 'http://127.0.0.1:9' })
  await run.logged('receiving', ({ address }) => address === 'a')
  const { status, body } = await run.ask('/metrics')
  assert.equal(status, 200)
  const lines = new Set(body.split('\n'))
  assert.deepEqual(PRESET.filter(line => !lines.has(line)), [])
  assert.match(body, /^lokean_build_info\{version="[^"]+",node="[^"]+"\} 1$/m)
  assert.match(body, /^lokean_credit\{address="a"\} [1-9]/m)
  assert.match(body, /^nodejs_eventloop_lag_seconds /m)
  assert.match((await run.ask('/')).body, /<title>Lokean</)
  assert.equal((await run.ask('/nothing')).status, 404)

  const { port } = new URL(await run.admin())
  assert.equal((await run.stop()).code, 0)
  const [error] = await once(connect(Number(port), '127.0.0.1'), 'error') as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
})
