import assert from 'node:assert/strict'
import { test } from 'node:test'
import { message, record } from '../helpers/messages.ts'
import { encoderSettings } from '../helpers/worker-fixtures.ts'
import { leftCounts, placed, runReplay } from '../helpers/replay.ts'
import { Stack, type StackOptions } from '../helpers/stack.ts'
import { LokiClient } from '../../src/sink/client.ts'
import { quarantineMessage } from '../../src/worker/output/quarantine-message.ts'
import type { Part } from '../../src/worker/messages/tasks.ts'

const HOUR = 3_600_000

async function putAside (stack: Stack, records: ReadonlyArray<string | Uint8Array>, address?: string): Promise<void> {
  const sender = await stack.sender(address)
  assert.equal(await sender.send(message(records)), 'accepted')
}

const fromNow = (ms: number): string => new Date(Date.now() + ms).toISOString()
const nanosOf = (time: string): bigint => BigInt(Date.parse(time)) * 1_000_000n

function quarantined (stack: Stack): number {
  return stack.stored().filter(({ labels }) => labels.includes('quarantine=')).length
}

interface Mendable {
  reason: string
  wrong: StackOptions
  mended?: Record<string, string>
  fields?: Record<string, unknown>
  tenant?: string
  /** Whether the wrong setting would put it aside again. */
  once?: boolean
}

/** A wrong setting, a record that it puts aside, and the setting that mends it. */
const MENDABLE: Mendable[] = [
  { reason: 'no_labels', wrong: { env: { LOKEAN_LABELS: 'nosuch' } } },
  { reason: 'too_old', wrong: { env: { LOKEAN_LOKI_MAX_AGE: '1h' } }, fields: { '@timestamp': fromNow(-2 * HOUR) } },
  { reason: 'too_new', wrong: { env: { LOKEAN_LOKI_MAX_AHEAD: '1s' } }, fields: { '@timestamp': fromNow(HOUR / 12) } },
  {
    reason: 'bad_tenant',
    wrong: { env: { LOKEAN_LOKI_TENANT: '{cloud}', LOKEAN_LOKI_QUARANTINE_TENANT: 'acme' }, loki: { authEnabled: true } },
    mended: { LOKEAN_LOKI_TENANT: 'acme' },
    fields: { cloud: 'no tenant' },
    tenant: 'acme'
  },
  { reason: 'too_many_streams', wrong: { env: { LOKEAN_MAX_STREAMS: '1' } }, fields: { host: 'other' }, once: true }
]

for (const { reason, wrong, mended = {}, fields = {}, tenant, once } of MENDABLE) {
  test(`what a wrong setting has put aside as ${reason} comes to its place once the setting is mended`, async t => {
    const stack = await Stack.start(t, wrong)
    const time = String(fields['@timestamp'] ?? new Date().toISOString())
    if (once === true) await putAside(stack, [record({ message: 'first' })])
    await putAside(stack, [record({ message: ' a line \n', '@timestamp': time, ...fields })])
    const before = placed(stack, tenant)
    if (once !== true) {
      const { code, report } = await runReplay(stack.loki.url, ['--yes'], wrong.env)
      assert.deepEqual([code, report.replayed, leftCounts(report)], [1, 0, { [reason]: 1 }], 'it would go there again')
    }
    const dry = await runReplay(stack.loki.url, [], mended)
    assert.deepEqual([dry.code, dry.report.dryRun, dry.report.found, dry.report.replayed], [0, true, 1, 1])
    assert.deepEqual(placed(stack, tenant), before, 'nothing was sent so far')

    const { code, report } = await runReplay(stack.loki.url, ['--yes'], mended)
    assert.deepEqual([code, report.found, report.replayed, report.leftTotal], [0, 1, 1, 0])
    const { cloud = 'cloud1', host = 'compute-0.example.org' } = fields as Record<string, string>
    const labels = `{cloud="${cloud}", host="${host}", region="regionOne", service_name="test", source="test"}`
    assert.deepEqual(placed(stack, tenant).filter(({ line }) => line !== 'first'), [{ labels, time: nanosOf(time), line: 'a line ' }])

    const { entries } = stack.loki.stats()
    const second = await runReplay(stack.loki.url, ['--yes'], mended)
    assert.deepEqual([second.code, second.report.found, second.report.marked, second.report.replayed], [0, 0, 1, 0])
    assert.equal(stack.loki.stats().entries, entries, 'a second run does nothing')
  })
}

test('what was put aside as too late, and what is too late for its stream by now, comes to its backlog stream', async t => {
  const stack = await Stack.start(t, { env: { LOKEAN_BACKLOG_LABEL: 'off' } })
  const late = fromNow(-3 * HOUR)
  await putAside(stack, [record({ message: 'new' })])
  await putAside(stack, [record({ message: 'late', '@timestamp': late }), record({ message: 'other', '@timestamp': late, host: 'h2' })])
  const off = await runReplay(stack.loki.url, ['--yes', '--reason', 'too_late'], { LOKEAN_BACKLOG_LABEL: 'off' })
  assert.deepEqual([off.code, leftCounts(off.report)], [1, { refused: 1 }], 'this process does not know what is new, but Loki does')
  const { code, report } = await runReplay(stack.loki.url, ['--yes'])
  assert.deepEqual([code, report.found, report.replayed], [0, 1, 1])
  const [found] = placed(stack).filter(({ line }) => line === 'late')
  assert.deepEqual([found?.time, found?.labels.startsWith(`{backlog="${late.slice(0, 13)}", cloud="cloud1"`)], [nanosOf(late), true])
})

test('what no setting mends stays where it is, and is listed with a sample, one reason beside the other', async t => {
  const stack = await Stack.start(t, { env: { LOKEAN_LABELS: 'nosuch' } })
  await putAside(stack, [
    'no JSON', '[1]', '', record({ message: undefined }), record({ '@timestamp': undefined }), record({ '@timestamp': 'noon' }),
    ...Array.from({ length: 20 }, (_, i) => record({ message: `good ${i}` }))
  ])
  const sender = await stack.sender()
  assert.equal(await sender.send(Buffer.from('005377c10100', 'hex')), 'accepted')
  const { code, report } = await runReplay(stack.loki.url, ['--yes'])
  assert.equal(code, 1)
  assert.deepEqual([report.found, report.replayed, report.leftTotal], [27, 20, 7])
  assert.deepEqual(leftCounts(report), {
    invalid_json: 1, not_object: 1, empty: 1, no_message: 1, no_timestamp: 1, bad_timestamp: 1, bad_body: 1
  })
  assert.equal(report.left.invalid_json?.samples[0]?.line, 'no JSON')
  assert.equal(placed(stack).length, 20)
  assert.equal(quarantined(stack), 27, 'nothing is put aside twice')
  const again = await runReplay(stack.loki.url, ['--yes'])
  assert.deepEqual([again.code, again.report.marked, again.report.leftTotal], [1, 20, 7])
})

for (const metadata of ['level', 'off']) {
  test(`pieces of a long line are joined, with metadata ${metadata}`, async t => {
    const env = { LOKEAN_LABELS: 'nosuch', LOKEAN_LOKI_MAX_LINE_BYTES: '1KiB', LOKEAN_METADATA: metadata }
    const stack = await Stack.start(t, { env })
    const lines = ['é'.repeat(3000), 'x'.repeat(2000), `[1/2] ${'y'.repeat(1500)}`]
    await putAside(stack, lines.map(message => record({ message })))
    const { code, report } = await runReplay(stack.loki.url, ['--yes'], { LOKEAN_METADATA: metadata })
    assert.deepEqual([code, report.found, report.replayed], [0, 3, 3])
    assert.deepEqual(placed(stack).map(({ line }) => line).sort(), [...lines].sort())
  })
}

test('a line whose first piece is not within the time is listed as incomplete, and another run finds it whole', async t => {
  const stack = await Stack.start(t, { env: { LOKEAN_LABELS: 'nosuch', LOKEAN_LOKI_MAX_LINE_BYTES: '1KiB' } })
  await putAside(stack, [record({ message: 'x'.repeat(3000) })])
  const times = stack.stored().map(({ time }) => time).sort()
  const second = times[1] ?? assert.fail()
  const from = `${new Date(Number(second / 1_000_000n)).toISOString().slice(0, 19)}.${String(second % 1_000_000_000n).padStart(9, '0')}Z`
  const { code, report } = await runReplay(stack.loki.url, ['--yes', '--from', from])
  assert.deepEqual([code, report.replayed, leftCounts(report)], [1, 0, { incomplete: times.length - 1 }])
  assert.equal((await runReplay(stack.loki.url, ['--yes'])).code, 0)
})

/** Pushes parts to quarantine as the program does where it cannot know a record. */
async function pushParts (stack: Stack, parts: readonly Part[]): Promise<void> {
  const client = new LokiClient({ urls: [stack.loki.url], timeoutMs: 10_000 }, 'test')
  stack.cleanup.add(async () => { await client.close() })
  for (const { tenant, body } of parts) {
    assert.equal((await client.push(0, tenant, body, new AbortController().signal)).kind, 'stored')
  }
}

test('a message on which a worker failed is decoded; of its records, what cannot be stored goes to quarantine for its own reason', async t => {
  const stack = await Stack.start(t)
  const settings = encoderSettings({ maxLineBytes: 1024 })
  const arrival = { arrivalSeconds: Math.floor(Date.now() / 1000) - 60, arrivalNanos: 5 }
  const whole = message([record({ message: 'one' }), 'no JSON', record({ message: 'three'.repeat(400) })])
  await pushParts(stack, quarantineMessage({ address: 'rsyslog/logs', message: whole, ...arrival }, settings).parts)
  const { code, report } = await runReplay(stack.loki.url, ['--yes'])
  assert.deepEqual([code, report.found, report.replayed, report.again], [1, 1, 1, { invalid_json: 1 }])
  assert.deepEqual(placed(stack).map(({ line }) => line), ['one', 'three'.repeat(400)])
  const second = await runReplay(stack.loki.url, ['--yes'])
  assert.deepEqual([second.report.marked, leftCounts(second.report)], [1, { invalid_json: 1 }])
})

test('base64 that is not whole is damaged, and an address of no setting is unknown', async t => {
  const stack = await Stack.start(t)
  const arrival = { arrivalSeconds: Math.floor(Date.now() / 1000) - 60, arrivalNanos: 5 }
  const [part = assert.fail()] = quarantineMessage(
    { address: 'rsyslog/other', message: message([record()]), ...arrival }, encoderSettings()
  ).parts
  await pushParts(stack, [part])
  assert.deepEqual(leftCounts((await runReplay(stack.loki.url, [])).report), { unknown_address: 1 })
  await stack.stop()
})

test('what Loki refused comes to the labels that it had, at its own time', async t => {
  const stack = await Stack.start(t, { loki: { limits: { lineBytes: 1000 } } })
  const line = `  two spaces before it ${'x'.repeat(2000)}\n`
  // The two share no time: the later one would get a nanosecond more.
  const at = fromNow(-5_000)
  await putAside(stack, [record({ message: 'good' }), record({ message: `${line}\n`, '@timestamp': at })])
  const { code, report } = await runReplay(stack.loki.url, ['--yes'])
  assert.deepEqual([code, leftCounts(report)], [1, { refused: 1 }])
  assert.match(String(report.left.refused?.samples[0]?.detail), /^400 .*exceeded/i)
  stack.loki.setLimits({ lineBytes: 100_000 })
  const mended = await runReplay(stack.loki.url, ['--yes'])
  assert.deepEqual([mended.code, mended.report.replayed], [0, 1])
  const [, refused] = placed(stack).sort((a, b) => a.line.length - b.line.length)
  assert.deepEqual(refused, {
    labels: '{cloud="cloud1", host="compute-0.example.org", region="regionOne", service_name="test", source="test"}',
    time: nanosOf(at),
    line: line.slice(1)
  })
})

test('of a batch, only what Loki refuses is left', async t => {
  const stack = await Stack.start(t, { env: { LOKEAN_LABELS: 'nosuch' }, loki: { limits: { lineBytes: 3000 } } })
  const bad = (i: number): boolean => i % 50 === 7
  const text = (i: number): string => bad(i) ? `${i} ${'x'.repeat(2800)}` : `${i}`
  await putAside(stack, Array.from({ length: 300 }, (_, i) => record({ host: `h${i % 5}`, message: text(i) })))
  stack.loki.setLimits({ lineBytes: 1000 })
  const { code, report } = await runReplay(stack.loki.url, ['--yes'])
  assert.deepEqual([code, report.found, report.replayed, leftCounts(report)], [1, 300, 294, { refused: 6 }])
  assert.equal(placed(stack).length, 294)
  stack.loki.setLimits({ lineBytes: 3000 })
  const mended = await runReplay(stack.loki.url, ['--yes'])
  assert.deepEqual([mended.code, mended.report.marked, mended.report.replayed], [0, 294, 6])
  assert.equal(new Set(placed(stack).map(({ line }) => line)).size, 300)
  assert.equal(placed(stack).length, 300)
})

test('reason, label, time and limit select what is replayed', async t => {
  const env = { LOKEAN_AMQP_ADDRESSES: 'rsyslog/logs;zone=a,rsyslog/b;zone=b' }
  const stack = await Stack.start(t, { env: { ...env, LOKEAN_LOKI_MAX_AGE: '1h' } })
  const old = (fields: Record<string, unknown>): string => record({ '@timestamp': fromNow(-2 * HOUR), ...fields })
  await putAside(stack, [old({ host: 'h1', source: 'sudo' }), old({ host: 'h2', message: 'the other' }), '[]'])
  await putAside(stack, [old({ host: 'h3' })], 'rsyslog/b')
  const found = async (...flags: string[]): Promise<number> => (await runReplay(stack.loki.url, flags, env)).report.found
  assert.equal(await found('--since', '1h'), 4)
  assert.equal(await found('--reason', 'not_object'), 1)
  assert.equal(await found('--reason', 'not_object', '--reason', 'too_old'), 4)
  assert.equal(await found('--to', '2026-01-01T00:00:00Z'), 0)
  assert.equal(await found('--label', 'zone=b'), 1)
  assert.equal(await found('--label', 'host=h1'), 1)
  assert.equal(await found('--label', 'source=sudo'), 1, 'that of the record, not of the stream in quarantine')
  assert.equal(await found('--label', 'host=h1', '--label', 'zone=b'), 0)
  const { code, report } = await runReplay(stack.loki.url, ['--yes', '--limit', '1', '--label', 'host=h2'], env)
  assert.deepEqual([code, report.replayed, report.limited], [0, 1, false])
  assert.deepEqual(placed(stack).map(({ labels, line }) => [labels.includes('zone="a"'), line]), [[true, 'the other']])
  const limited = await runReplay(stack.loki.url, ['--yes', '--limit', '1', '--reason', 'too_old'], env)
  assert.deepEqual([limited.code, limited.report.found, limited.report.limited], [1, 1, true])
  const rest = await runReplay(stack.loki.url, ['--yes', '--reason', 'too_old'], env)
  assert.deepEqual([rest.code, rest.report.found, placed(stack).length], [0, 1, 3])
})
