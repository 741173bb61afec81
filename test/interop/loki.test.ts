import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { message, now, record } from '../helpers/messages.ts'
import { httpGet, Program, startRun } from '../helpers/program.ts'
import { RawSender } from '../helpers/raw-sender.ts'
import { ADDRESS, MARKER } from '../process/numbered-sender.ts'

/** A real Loki without tenants, with its default limits or wider ones. These tests hold for both. */
const LOKI = (process.env.LOKEAN_TEST_LOKI_URL ?? '').replace(/\/$/, '')
const NEEDED = { skip: LOKI === '' && 'LOKEAN_TEST_LOKI_URL names no Loki' }
/** Loki's default limits take 4 MB a second. */
const RUN_FOR_MS = 110_000
const RECORDS_PER_MESSAGE = 50

interface Entry { time: bigint, line: string }

/** Returns the entries of a log query in order of time, page by page. Metadata counts as labels there. */
async function query (logql: string, fromMs: number): Promise<Entry[]> {
  const found: Entry[] = []
  // Loki's components exchange at most 4 MiB at a time, also for a page.
  const most = 500
  for (let start = BigInt(fromMs) * 1_000_000n; ;) {
    const parameters = new URLSearchParams({
      query: logql, start: `${start}`, end: `${Date.now() + 3600_000}000000`, limit: `${most}`, direction: 'forward'
    })
    const { status, body } = await httpGet(`${LOKI}/loki/api/v1/query_range?${parameters}`)
    assert.equal(status, 200, body)
    const { data } = JSON.parse(body) as { data: { result: Array<{ values: Array<[string, string]> }> } }
    const page = data.result.flatMap(({ values }) => values).map(([time, line]) => ({ time: BigInt(time), line }))
      .sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
    if (page.length < most) return [...found, ...page]
    // The last nanosecond of a page may go on in the next.
    start = page[page.length - 1].time
    found.push(...page.filter(({ time }) => time < start))
  }
}

/** Starts the program between an embedded bus and the real Loki. */
async function between (t: TestContext, env: Record<string, string> = {}): Promise<{ run: Program, sender: RawSender }> {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const run = startRun(cleanup, { LOKEAN_AMQP_URL: bus.url, LOKEAN_LOKI_URL: LOKI, ...env }, [], RUN_FOR_MS)
  await run.logged('receiving')
  const sender = await RawSender.connect(bus.port, ADDRESS)
  cleanup.add(async () => { await sender.close() })
  return { run, sender }
}

async function metric (run: Program, series: string): Promise<number> {
  const { body } = await run.ask('/metrics')
  const line = body.split('\n').find(line => line.startsWith(`${series} `))
  assert.ok(line !== undefined, series)
  return Number(line.slice(series.length + 1))
}

/** Returns a new cloud's name, which finds a test's records in a shared Loki. */
function cloud (): string {
  return `interop-${randomUUID()}`
}

test('the demo against a real Loki: nothing missing, nothing doubled', NEEDED, async t => {
  const demo = new Program(Cleanup.of(t), [
    'demo', '--records', '50000', '--hosts', '20', '--json'
  ], { LOKEAN_LOKI_URL: LOKI }, '', { hangsAfterMs: RUN_FOR_MS })
  const { code, stdout, stderr } = await demo.exited
  assert.equal(code, 0, stderr)
  const {
    sent, stored, missing, duplicates, quarantined, query: { lines }
  } = JSON.parse(stdout) as Record<string, number> & { query: { lines: string[] } }
  assert.deepEqual({
    sent, stored, missing, duplicates, quarantined
  }, { sent: 50_000, stored: 50_000, missing: 0, duplicates: 0, quarantined: 0 })
  assert.ok(lines.length > 0)
})

test('more than its default limits take at once: Loki says 429, and all arrives in the end', NEEDED, async t => {
  const { run, sender } = await between(t)
  const { body: settings } = await httpGet(`${LOKI}/config`)
  const [, megabytes] = /^ +ingestion_rate_mb: ([\d.]+)$/m.exec(settings) ?? []
  const start = Date.now() - 1000
  const of = { cloud: cloud(), source: 's' }
  const text = 'x'.repeat(4_000)
  const records = 8_000
  const messages = Array.from({ length: records / RECORDS_PER_MESSAGE },
    (_, i) => message(Array.from({ length: RECORDS_PER_MESSAGE }, (_, j) =>
      record({ ...of, host: `h${i % 8}`, message: `${text}${MARKER}${i * RECORDS_PER_MESSAGE + j}` }))))
  await Promise.all(messages.map(async bytes => assert.equal(await sender.send(bytes), 'accepted')))
  const retries = await metric(run, 'lokean_push_retries_total{reason="429"}')
  t.diagnostic(`${retries} pushes tried again for 429; Loki takes ${megabytes} MB/s`)
  if (Number(megabytes) <= 4) assert.ok(retries > 0)

  const numbers = (await query(`{cloud="${of.cloud}"}`, start)).map(({ line }) => {
    assert.ok(line.startsWith(text + MARKER))
    return Number(line.slice(text.length + MARKER.length))
  })
  assert.deepEqual(numbers.sort((a, b) => a - b), Array.from({ length: records }, (_, i) => i))
})

test('equal records of one message are nanoseconds apart; a resend is stored once', NEEDED, async t => {
  const { sender } = await between(t)
  const of = { cloud: cloud(), host: 'h', source: 's' }
  const start = Date.now() - 1000
  const at = now()
  const equal = record({ ...of, '@timestamp': at, message: 'the same' })
  const three = message([equal, record({ ...of, '@timestamp': at, message: 'another' }), equal, equal])
  for (let times = 0; times < 3; times++) assert.equal(await sender.send(three), 'accepted')
  const [, whole, micros] = /^(.*)\.(\d{6})/.exec(at) as RegExpExecArray
  const first = BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(micros) * 1000n
  assert.deepEqual(
    await query(`{cloud="${of.cloud}"} |= "the same"`, start), [0n, 1n, 2n].map(apart => ({ time: first + apart, line: 'the same' }))
  )
  assert.deepEqual(await query(`{cloud="${of.cloud}"} |= "another"`, start), [{ time: first, line: 'another' }])
})

test('what cannot be stored as it should be lies in quarantine, where an operator finds it', NEEDED, async t => {
  const { run, sender } = await between(t)
  const of = { cloud: cloud(), source: 's' }
  const start = Date.now() - 1000
  const bad: Record<string, string> = {
    invalid_json: `not JSON: ${of.cloud}`,
    not_object: `["${of.cloud}"]`,
    no_message: record({ ...of, message: undefined }),
    no_timestamp: record({ ...of, '@timestamp': undefined }),
    bad_timestamp: record({ ...of, '@timestamp': 'noon' }),
    too_old: record({ ...of, '@timestamp': '2020-01-01T00:00:00Z' }),
    too_new: record({ ...of, '@timestamp': new Date(Date.now() + 24 * 3600_000).toISOString() }),
    no_labels: JSON.stringify({ '@timestamp': now(), message: of.cloud })
  }
  assert.equal(await sender.send(message([...Object.values(bad), record({ ...of, message: 'good' })])), 'accepted')
  for (const [reason, text] of Object.entries(bad)) {
    const found = await query(`{source="lokean", quarantine="${reason}"} |= "${of.cloud}"`, start)
    assert.deepEqual(found.map(({ line }) => line.trim()), [text.trim()], reason)
    assert.equal(await metric(run, `lokean_records_quarantined_total{reason="${reason}"}`), 1, reason)
  }
  assert.deepEqual((await query(`{cloud="${of.cloud}"}`, start)).map(({ line }) => line), ['good'])
})

test('Loki refuses some entries of a push: the others are stored, and those are in quarantine', NEEDED, async t => {
  // Lokean's limits are wider than Loki's, so that Loki refuses the records.
  const { run, sender } = await between(t, {
    LOKEAN_LOKI_MAX_AGE: '3650d', LOKEAN_LOKI_MAX_DISORDER: '3650d', LOKEAN_LOKI_MAX_LINE_BYTES: '1MiB'
  })
  const of = { cloud: cloud(), host: 'h', source: 's' }
  const start = Date.now() - 1000
  const old = new Date(Date.now() - 30 * 24 * 3600_000).toISOString()
  const long = `${of.cloud} ${'x'.repeat(300 * 1024)}`
  const records = [
    ...Array.from({ length: 20 }, (_, i) => record({ ...of, message: `good ${i}` })),
    record({ ...of, '@timestamp': old, message: `old ${of.cloud}` }),
    record({ ...of, message: long }),
    ...Array.from({ length: 20 }, (_, i) => record({ ...of, message: `good ${20 + i}` })),
    record({ ...of, host: 'other', '@timestamp': old, message: `old other ${of.cloud}` })
  ]
  assert.equal(await sender.send(message(records)), 'accepted')
  assert.deepEqual((await query(`{cloud="${of.cloud}"}`, start)).map(({ line }) => line), Array.from({ length: 40 }, (_, i) => `good ${i}`))
  const refused = (await query('{source="lokean", quarantine="refused"}', start)).map(({ line }) => line)
  assert.equal(refused.filter(line => line === `old ${of.cloud}`).length, 1)
  assert.equal(refused.filter(line => line === `old other ${of.cloud}`).length, 1)
  const pieces = await query('{source="lokean", quarantine="refused"} | piece != ""', start)
  assert.ok(pieces.map(({ line }) => line).join('').includes(long), 'the long one, in pieces')
  assert.equal(await metric(run, 'lokean_records_quarantined_total{reason="refused"}'), 3)
  assert.ok(await metric(run, 'lokean_pushes_total{status="400"}') > 0)
})
