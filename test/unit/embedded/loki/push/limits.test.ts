import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenBucket, defaultLimits } from '../../../../../src/embedded/loki/push/limits.ts'
import { clock, lines, loki, push, type TestEntry } from './logproto.ts'

const hour = 3_600_000
const entry = (ms: number, line = 'x', metadata: Record<string, string> = {}): TestEntry => ({ ms, line, metadata })
const numbered = (
  count: number, prefix: string
): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, i) => [prefix + i, 'v']))
const labels = (count: number): string => `{${Array.from({ length: count }, (_, i) => `l${i}="v"`).join(',')}}`

test('entries are taken up to each limit and refused beyond it', async (t) => {
  const server = await loki(t)
  for (const [reason, within, beyond] of [
    ['greater_than_max_sample_age', entry(clock - 7 * 24 * hour), entry(clock - 7 * 24 * hour - 1)],
    ['too_far_in_future', entry(clock + 600_000), entry(clock + 600_001)],
    ['line_too_long', entry(clock, 'l'.repeat(262_144)), entry(clock, 'l'.repeat(262_145))],
    ['structured_metadata_too_many', entry(clock, 'm', numbered(128, 'm')), entry(clock, 'n', numbered(129, 'm'))],
    ['structured_metadata_too_large', entry(clock, 's', { m: 'v'.repeat(65_535) }), entry(clock, 't', { m: 'v'.repeat(65_536) })]
  ] as const) {
    assert.equal((await push(server, [{ labels: `{within="${reason}"}`, entries: [within] }])).status, 204, reason)
    assert.equal((await push(server, [{ labels: `{beyond="${reason}"}`, entries: [beyond] }])).status, 400, reason)
    assert.equal(server.stats().rejected[reason], 1, reason)
  }
})

test('labels are taken up to each limit and refused beyond it', async (t) => {
  const server = await loki(t)
  for (const [reason, within, beyond] of [
    ['max_label_names_per_series', labels(15), labels(16)],
    ['label_name_too_long', `{${'n'.repeat(1024)}="v"}`, `{${'n'.repeat(1025)}="v"}`],
    ['label_value_too_long', `{a="${'v'.repeat(2048)}"}`, `{a="${'v'.repeat(2049)}"}`],
    ['duplicate_label_names', '{a="v"}', '{a="v",a="v"}']
  ] as const) {
    assert.equal((await push(server, [{ labels: within, entries: [entry(clock)] }])).status, 204, reason)
    assert.equal((await push(server, [{ labels: beyond, entries: [entry(clock), entry(clock, 'y')] }])).status, 400, reason)
    assert.equal(server.stats().rejected[reason], 2, reason)
  }
  assert.equal(
    (await push(server, [{ labels: `{service_name="s",${labels(15).slice(1)}`, entries: [entry(clock)] }])).status, 204,
    'service_name does not count'
  )
})

test('equal faults are named once with their number', async (t) => {
  const server = await loki(t)
  const answer = await push(
    server, [{ labels: '{a="b"}', entries: [entry(1_000_000), entry(1_000_000, 'y'), entry(clock + hour), entry(clock, 'good')] }]
  )
  assert.equal(answer.status, 400)
  assert.equal(answer.text,
    '2 errors like: entry for stream \'{a="b", service_name="unknown_service"}\' has timestamp too old: 1970-01-01T00:16:40Z, oldest acceptable timestamp is: 2026-11-15T08:10:15Z; ' +
    '1 errors like: entry for stream \'{a="b", service_name="unknown_service"}\' has timestamp too new: 2026-11-22T09:10:15Z\n')
  assert.deepEqual(await lines(server, '{a="b"}'), ['good'])
})

test('in a stream, entries may be an hour behind the newest one, itself within the push', async (t) => {
  const server = await loki(t)
  const answer = await push(server, [{
    labels: '{a="b"}',
    entries: [entry(clock, 'newest'), entry(clock - hour, 'just'), entry(clock - hour - 1, 'late'), entry(clock - 2 * hour, 'later')]
  }])
  assert.equal(answer.status, 400)
  assert.match(answer.text, /^entry with timestamp 2026-11-22 07:10:15\.19 \+0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-22T07:10:15Z, oldest acceptable timestamp is: 2026-11-22T07:10:15Z',\nentry with/)
  assert.match(answer.text, /\nuser 'fake', total ignored: 2 out of 4 for stream: \{a="b", service_name="unknown_service"\}\n$/)
  assert.deepEqual(await lines(server, '{a="b"}'), ['just', 'newest'])
})

test('at most ten late entries are listed', async (t) => {
  const server = await loki(t)
  const late = Array.from({ length: 12 }, (_, i) => entry(clock - 2 * hour, String(i)))
  const answer = await push(server, [{ labels: '{a="b"}', entries: [entry(clock), ...late] }])
  assert.equal(answer.text.match(/^entry with timestamp/gm)?.length, 10)
  assert.match(answer.text, /total ignored: 12 out of 13/)
})

test('as in the real ingester, the last stream of a push decides its answer', async (t) => {
  const server = await loki(t)
  const late = { labels: '{a="late"}', entries: [entry(clock - 2 * hour)] }
  const good = { labels: '{a="good"}', entries: [entry(clock)] }
  await push(server, [{ labels: '{a="late"}', entries: [entry(clock, 'newest')] }])
  assert.equal((await push(server, [late, good])).status, 204)
  assert.equal((await push(server, [good, late])).status, 400)
  assert.equal(server.stats().rejected.too_far_behind, 2)
})

test('one stream too many is refused with 429, and the streams that are there go on', async (t) => {
  const server = await loki(t, { limits: { streams: 2 } })
  const one = (a: string, line = 'x'): ReturnType<typeof push> => push(server, [{ labels: `{a="${a}"}`, entries: [entry(clock, line)] }])
  assert.deepEqual([(await one('1')).status, (await one('2')).status], [204, 204])
  const answer = await one('3')
  assert.equal(answer.status, 429)
  assert.equal(answer.text, 'Maximum active stream limit exceeded when trying to create stream {a="3", service_name="unknown_service"}, reduce the number of active streams ' +
    "(reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: 'fake'\n")
  assert.equal((await one('1', 'y')).status, 204)
  assert.equal(server.stats().rejected.stream_limit, 1)
})

test('a push larger than a message between Loki\'s parts fails with 500, whole', async (t) => {
  const server = await loki(t)
  const entries = Array.from({ length: 20 }, (_, i) => entry(clock + i, String.fromCharCode(97 + i).repeat(250_000)))
  const answer = await push(server, [{ labels: '{a="b"}', entries }])
  assert.equal(answer.status, 500)
  assert.match(
    answer.text, /^rpc error: code = ResourceExhausted desc = grpc: received message larger than max \(5001\d\d\d vs\. 4194304\)\n$/
  )
  assert.equal(server.stats().entries, 0)
})

test('the rate is refilled by the clock, tenant by tenant', async (t) => {
  let now = clock
  const server = await loki(t, { authEnabled: true, now: () => now, limits: { rateBytes: 1000, burstBytes: 2000 } })
  const one = async (tenant: string, bytes: number): Promise<number> => {
    const answer = await push(
      server, [{ labels: '{a="b"}', entries: [entry(now, 'x'.repeat(bytes - 2), { m: 'v' })] }], { 'x-scope-orgid': tenant }
    )
    return answer.status
  }
  assert.equal(await one('t', 2000), 204)
  assert.equal(await one('t', 10), 429)
  assert.equal(await one('other', 2000), 204)
  now += 500
  assert.equal(await one('t', 501), 429)
  assert.equal(await one('t', 500), 204)
  now += 60_000
  assert.equal(await one('t', 2001), 429)
  assert.equal(await one('t', 2000), 204)
})

test('a bucket never overflows, and a clock that goes back fills nothing', () => {
  const bucket = new TokenBucket({ ...defaultLimits, rateBytes: 10, burstBytes: 100 }, 0)
  assert.ok(bucket.take(100, 0))
  assert.ok(!bucket.take(1, -5000))
  assert.ok(bucket.take(10, 1000))
  assert.ok(!bucket.take(101, 1e9))
})

test('each limit can be turned off', async (t) => {
  const off = Object.fromEntries(Object.entries(defaultLimits).filter(([, limit]) => typeof limit === 'number')
    .map(([name]) => [name, Infinity]))
  const server = await loki(t, { limits: off })
  const answer = await push(server, [
    { labels: labels(40), entries: [entry(clock), entry(clock - 3 * hour)] },
    {
      labels: `{${'n'.repeat(2000)}="${'v'.repeat(5000)}"}`,
      entries: [entry(0), entry(clock + 24 * hour), entry(clock, 'l'.repeat(8_000_000), numbered(200, 'm'))]
    }
  ])
  assert.equal(answer.status, 204)
  assert.equal(server.stats().entries, 5)
})
