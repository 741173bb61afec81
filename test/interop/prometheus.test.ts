import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import type { Fault } from '../../src/embedded/loki/push/fault.ts'
import { createGenerator } from '../../src/generator/generator.ts'
import { startSenders } from '../../src/generator/sender.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { message, record } from '../helpers/messages.ts'
import { type Program, startRun } from '../helpers/program.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { ADDRESS } from '../process/numbered-sender.ts'
import { needs } from './needs.ts'
import { Prometheus } from './prometheus-server.ts'

const RECORDS = 30_000
const RECORDS_PER_MESSAGE = 20
/** Records that cannot be stored unchanged, by the reason. */
const BAD: Array<[reason: string, record: string]> = [
  ['invalid_json', 'Nov 22 08:00:01 host sshd[1]: no JSON\n'],
  ['invalid_json', '{"message":"cut of\n'],
  ['no_timestamp', record({ '@timestamp': undefined })],
  ['bad_timestamp', record({ '@timestamp': 'yesterday' })],
  ['too_old', record({ '@timestamp': '2001-01-01T00:00:00Z' })]
]

/** Returns promtool's complaints about the program's metrics, or ''. */
async function lint (run: Program): Promise<string> {
  const { body } = await run.ask('/metrics')
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' })
  return status === 0 ? `${stdout}${stderr}` : `exit code ${status}: ${stdout}${stderr}`
}

test('Prometheus scrapes the program under load, and has counted what was sent', needs('prometheus', 'promtool'), async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  // One in five pushes gets a retryable answer, in turn for two reasons.
  const answered: Record<string, number> = { 429: 0, 503: 0 }
  const intercept = ({ attempt }: { attempt: number }): Fault | undefined => {
    if (attempt % 5 !== 0) return undefined
    const status = attempt % 10 === 0 ? 429 : 503
    answered[status]++
    return { kind: 'answer', status, text: 'not now' }
  }
  const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity }, intercept })
  cleanup.add(loki.close)
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: loki.url })
  await run.logged('receiving')
  assert.equal(await lint(run), '', 'before anything has happened')
  const prometheus = await Prometheus.start(t, [{ job: 'lokean', target: new URL(await run.admin()).host }])
  await prometheus.until('up', 1)

  const generator = createGenerator({ hosts: 20, seed: 3, recordsPerMessage: RECORDS_PER_MESSAGE })
  const { accepted } = await startSenders({ url: bus.url, addresses: [ADDRESS], generator, records: RECORDS, rate: 8_000 })
  assert.equal(accepted, RECORDS)
  const sender = await RawSender.connect(bus.port, ADDRESS)
  cleanup.add(async () => { await sender.close() })
  for (const [, bad] of BAD) assert.equal(await sender.send(message([bad])), 'accepted')

  const sent = RECORDS + BAD.length
  const { received: messages } = bus.stats()[ADDRESS]
  for (const [name, value] of Object.entries({
    'lokean_records_received_total{address="rsyslog/logs"}': sent,
    lokean_records_stored_total: sent,
    lokean_messages_received_total: messages,
    lokean_messages_settled_total: messages,
    'sum(lokean_pushes_total)': loki.stats().pushes,
    lokean_push_duration_seconds_count: loki.stats().pushes,
    lokean_bus_connects_total: 1,
    lokean_link_up: 1,
    lokean_inflight_bytes: 0
  })) await prometheus.until(name, value)
  const quarantined: Record<string, number> = {}
  for (const [reason] of BAD) quarantined[reason] = (quarantined[reason] ?? 0) + 1
  assert.deepEqual(await prometheus.query('lokean_records_quarantined_total > 0', 'reason'), quarantined)
  assert.ok(answered[429] > 0 && answered[503] > 0)
  assert.deepEqual(await prometheus.query('lokean_push_retries_total > 0', 'reason'), { 429: answered[429], '5xx': answered[503] })
  assert.deepEqual(await prometheus.query('lokean_pushes_total > 0', 'status'), {
    '2xx': loki.stats().pushes - answered[429] - answered[503], 429: answered[429], '5xx': answered[503]
  })
  assert.equal(loki.stats().entries, sent)

  // Every scrape succeeded, and some came while records flowed.
  assert.deepEqual(await prometheus.query('min_over_time(up[1h])'), { '': 1 })
  assert.ok((await prometheus.query('changes(lokean_records_stored_total[1h])'))[''] >= 2)
  const {
    activeTargets: [{
      health, lastError
    }]
  } = await prometheus.ask<{ activeTargets: Array<{ health: string, lastError: string }> }>('targets')
  assert.deepEqual({ health, lastError }, { health: 'up', lastError: '' })

  assert.equal(await lint(run), '', 'with counters of quarantine and of retries')
  const types = [...(await run.ask('/metrics')).body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type])
  const metadata = await prometheus.ask<Record<string, Array<{ type: string }>>>('metadata')
  assert.deepEqual(types, types.map(([name]) => [name, metadata[name]?.[0].type]))
})
