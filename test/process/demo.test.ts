import assert from 'node:assert/strict'
import { test } from 'node:test'
import snappy from 'snappy'
import { startBus } from '../../src/embedded/bus/bus.ts'
import type { PushAttempt } from '../../src/embedded/loki/push/fault.ts'
import { type EmbeddedLoki, type LokiOptions, startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { BOUNDED, type Exit, httpGet, lokean, Program } from '../helpers/program.ts'
import { ADDRESS, MARKER } from './numbered-sender.ts'

const SELECTOR = '{cloud="cloud1", source="sudo"}'

interface Report {
  sent: number
  stored: number
  missing: number
  duplicates: number
  quarantined: number
  streams: number
  seconds: number
  recordsPerSecond: number
  query: { selector: string, lines: string[] }
}

/** Reads the last line of stdout. */
function report ({ stdout }: Exit): Report {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) as string) as Report
}

function assertSudo (lines: string[]): void {
  assert.ok(lines.length > 0, 'the query has lines')
  for (const line of lines) assert.match(line, /sudo/)
}

async function startStore (cleanup: Cleanup, options: LokiOptions = {}): Promise<EmbeddedLoki> {
  const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity }, ...options })
  cleanup.add(async () => { await loki.close() })
  return loki
}

test('everything inside: the report as JSON, and each record sent is stored once', async t => {
  const exit = await lokean(Cleanup.of(t), ['demo', '--records', '5000', '--hosts', '40', '--json'])
  assert.equal(exit.code, 0, exit.stderr)
  const { streams, seconds, recordsPerSecond, query, ...counts } = report(exit)
  assert.deepEqual(counts, { sent: 5000, stored: 5000, missing: 0, duplicates: 0, quarantined: 0 })
  assert.ok(Number.isInteger(streams) && streams >= 40, `${streams} streams of 40 machines`)
  assert.ok(Math.abs(5000 / seconds - recordsPerSecond) < recordsPerSecond / 100, `${recordsPerSecond}/s for ${seconds} s`)
  assert.deepEqual(Object.keys(query), ['selector', 'lines'])
  assert.equal(query.selector, SELECTOR)
  assertSudo(query.lines)
})

test('for people: what was sent and stored, and with --keep a Loki that answers until SIGTERM', async t => {
  const demo = new Program(Cleanup.of(t), ['demo', '--records', '2000', '--keep'])
  const [, page] = await demo.said(/^Live page: (\S+)$/m)
  assert.match((await httpGet(page)).body, /<title>Lokean<\/title>/)
  const [, loki, metrics] = await demo.said(/^Loki: (\S+) +metrics: (\S+)$/m)
  assert.match(
    demo.stdout,
    /^ {2}sent +2,000 records over the embedded bus\b.*\n {2}stored +2,000 in \d+ streams of the embedded Loki\n {2}missing +0\n {2}duplicates +0\n/m
  )
  assert.ok(demo.stdout.includes(`${SELECTOR}\n`))

  const { status, body } = await httpGet(`${loki}/loki/api/v1/query_range?${new URLSearchParams({ query: `${SELECTOR} |= "sudo"` })}`)
  assert.equal(status, 200)
  const { data: { result } } = JSON.parse(
    body
  ) as { data: { result: Array<{ stream: Record<string, string>, values: Array<[string, string]> }> } }
  for (const { stream: { cloud, source } } of result) assert.deepEqual({ cloud, source }, { cloud: 'cloud1', source: 'sudo' })
  assertSudo(result.flatMap(({ values }) => values.map(([, line]) => line)))
  assert.match((await httpGet(metrics)).body, new RegExp(`^lokean_records_stored_total\\{address="${ADDRESS}"\\} 2000$`, 'm'))
  assert.equal(demo.exit, undefined)
  assert.equal((await demo.stop()).code, 0)
})

test('between a bus and a Loki of one\'s own it reads back all that is stored', async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const loki = await startStore(cleanup)
  const exit = await lokean(cleanup, [
    'demo', '--records', '7000', '--records-per-message', '50', '--json'
  ], { LOKEAN_LOKI_URL: loki.url, LOKEAN_AMQP_URL: bus.url })
  assert.equal(exit.code, 0, exit.stderr)
  const { sent, stored, missing, duplicates, streams, query } = report(exit)
  assert.deepEqual({ sent, stored, missing, duplicates }, { sent: 7000, stored: 7000, missing: 0, duplicates: 0 })
  assertSudo(query.lines)
  // The report must agree with the store.
  const { distinct, repeated } = loki.store.countIds(MARKER, { expected: 7000 })
  assert.deepEqual({ distinct, repeated, streams: loki.stats().streams }, { distinct: 7000, repeated: 0, streams })
  const { accepted, modified, unsettled } = bus.stats()[ADDRESS]
  assert.deepEqual({ accepted, modified, unsettled }, { accepted: 140, modified: 0, unsettled: 0 })
})

test('SIGTERM while it sends: what it has sent until then is stored and reconciled', BOUNDED, async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const demo = new Program(cleanup, ['demo', '--for', '10m', '--rate', '5000', '--json'], { LOKEAN_AMQP_URL: bus.url })
  await bus.until(({ [ADDRESS]: address }) => (address?.accepted ?? 0) > 5)
  const exit = await demo.stop()
  assert.equal(exit.code, 0, exit.stderr)
  const { sent, stored, missing, duplicates } = report(exit)
  assert.deepEqual({ stored, missing, duplicates }, { stored: sent, missing: 0, duplicates: 0 })
  assert.ok(sent > 5 && sent < 5000 * 600)
})

test('a store that loses records is found out: exit code 1', async t => {
  const cleanup = Cleanup.of(t)
  const loki = await startStore(cleanup, { intercept: ({ attempt }) => attempt === 1 ? { kind: 'answer', status: 204 } : undefined })
  const exit = await lokean(cleanup, ['demo', '--records', '3000', '--json'], { LOKEAN_LOKI_URL: loki.url })
  assert.equal(exit.code, 1)
  const { stored, missing, duplicates } = report(exit)
  const counted = loki.store.countIds(MARKER, { expected: 3000 })
  assert.ok(missing > 0)
  assert.deepEqual({ stored, missing, duplicates }, { stored: counted.distinct, missing: counted.missing, duplicates: 0 })
})

/** Pushes the same records into another stream: the machines' region becomes one with a name of the same length. */
async function pushElsewhere (url: string, body: Buffer): Promise<void> {
  const text = (await snappy.uncompress(body) as Buffer).toString('latin1').replaceAll('region="regionOne"', 'region="regionTwo"')
  const { status } = await fetch(`${url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: new Uint8Array(await snappy.compress(Buffer.from(text, 'latin1')))
  })
  assert.equal(status, 204)
}

test('a store that doubles records is found out: exit code 1', async t => {
  const cleanup = Cleanup.of(t)
  let doubled: Promise<void> | undefined
  const loki: EmbeddedLoki = await startStore(cleanup, {
    intercept: async ({ body }: PushAttempt) => {
      if (doubled !== undefined) return undefined
      await (doubled = pushElsewhere(loki.url, body))
      return undefined
    }
  })
  const exit = await lokean(cleanup, ['demo', '--records', '3000', '--json'], { LOKEAN_LOKI_URL: loki.url })
  assert.equal(exit.code, 1)
  const { stored, missing, duplicates } = report(exit)
  const { repeated } = loki.store.countIds(MARKER, { expected: 3000 })
  assert.ok(duplicates > 0)
  assert.deepEqual({ stored, missing, duplicates }, { stored: 3000, missing: 0, duplicates: repeated })
})

for (const via of ['relp', 'syslog']) {
  test(`without a bus, by ${via}: each record sent is stored once, also at a kept rate`, async t => {
    const cleanup = Cleanup.of(t)
    const exit = await lokean(cleanup, ['demo', '--via', via, '--records', '5000', '--hosts', '40', '--json'])
    assert.equal(exit.code, 0, exit.stderr)
    const { streams, seconds, recordsPerSecond, query, ...counts } = report(exit)
    assert.deepEqual(counts, { sent: 5000, stored: 5000, missing: 0, duplicates: 0, quarantined: 0 })
    assertSudo(query.lines)
    const paced = await lokean(cleanup, ['demo', '--via', via, '--records', '300', '--rate', '1000'])
    assert.equal(paced.code, 0, paced.stderr)
    assert.match(paced.stdout, via === 'relp' ? /sent +300 records by RELP/ : /sent +300 records by syslog over TCP, which acknowledges nothing/)
  })
}
