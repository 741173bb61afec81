import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ingesterOf } from '../../../../../src/embedded/loki/push/known-streams.ts'
import type { LokiOptions } from '../../../../../src/embedded/loki/server.ts'
import { clock, lines, loki, push, type Answer, type TestEntry, type TestStream } from './logproto.ts'

const entry = (line: string, metadata: Record<string, string> = {}): TestEntry => ({ ms: clock, line, metadata })
const one = (labels: string, ...entries: TestEntry[]): TestStream => ({ labels, entries })
const shown = '{a="b", service_name="unknown_service"}'
const metadata = { m: 'v' }

/** What Loki says of each, in the words of both versions. */
for (const [name, options, streams, status, older, newer] of [
  ['an enforced label that is missing', { limits: { enforcedLabels: ['cluster', 'a', 'log_type'] } }, [one('{a="b"}', entry('x'))], 400,
    'missing required labels cluster,log_type for user fake',
    `missing required labels 'cluster,log_type' for user 'fake' for stream '${shown}' (policy: '')`],
  ['metadata where there may be none', { limits: { metadata: false } }, [one('{a="b"}', entry('x', metadata))], 400,
    `stream '${shown}' includes structured metadata, but this feature is disallowed. Please see \`limits_config.allow_structured_metadata\` or contact your Loki administrator to enable it.`,
    `stream '${shown}' includes structured metadata, but this feature is disallowed. Please see \`limits_config.allow_structured_metadata\` or contact your Loki administrator to enable it`],
  ['too much metadata', { limits: { metadataBytes: 1 } }, [one('{a="b"}', entry('x', metadata))], 400,
    `stream '${shown}' has structured metadata too large: '2' bytes, limit: '1' bytes. Please see \`limits_config.max_structured_metadata_size\` or contact your Loki administrator to increase it.`,
    `stream '${shown}' has structured metadata too large: '2' bytes, limit: '1' bytes. Please see \`limits_config.max_structured_metadata_size\` or contact your Loki administrator to increase it`],
  ['too many metadata', { limits: { metadataPairs: 0 } }, [one('{a="b"}', entry('x', metadata))], 400,
    `stream '${shown}' has too many structured metadata labels: '1', limit: '0'. Please see \`limits_config.max_structured_metadata_entries_count\` or contact your Loki administrator to increase it.`,
    `stream '${shown}' has too many structured metadata labels: '1', limit: '0'. Please see \`limits_config.max_structured_metadata_entries_count\` or contact your Loki administrator to increase it`],
  ['a long line', { limits: { lineBytes: 1 } }, [one('{a="b"}', entry('xy'))], 400,
    `Max entry size '1' bytes exceeded for stream '${shown}' while adding an entry with length '2' bytes`,
    `max entry size '1' bytes exceeded for stream '${shown}' while adding an entry with length '2' bytes`],
  ['a burst', { limits: { rateBytes: 1, burstBytes: 1 } }, [one('{a="b"}', entry('xy'))], 429,
    "Ingestion rate limit exceeded for user fake (limit: 1 bytes/sec) while attempting to ingest '1' lines totaling '2' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased",
    "ingestion rate limit exceeded for user fake (limit: 1 bytes/sec) while attempting to ingest '1' lines totaling '2' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased"],
  ['one stream too many', { limits: { streams: 0 } }, [one('{a="b"}', entry('x'))], 429,
    `Maximum active stream limit exceeded when trying to create stream ${shown}, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: 'fake'`,
    `maximum active stream limit exceeded when trying to create stream ${shown}, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: 'fake'`]
] as Array<[string, LokiOptions, TestStream[], number, string, string]>) {
  for (const [version, text] of [['3.4.6', older], ['3.7.6', newer]] as const) {
    test(`${name}, as ${version} words it`, async (t) => {
      const server = await loki(t, { ...options, version })
      const answer = await push(server, streams)
      assert.deepEqual([answer.status, answer.text], [status, text + '\n'])
      assert.equal(server.stats().entries, 0)
    })
  }
}

test('streams with all enforced labels are stored, beside those without', async (t) => {
  const server = await loki(t, { limits: { enforcedLabels: ['cluster', 'service_name'] } })
  const answer = await push(server, [one('{cluster="c"}', entry('good')), one('{a="b"}', entry('bad'), entry('worse'))])
  assert.deepEqual([answer.status, answer.text], [400, 'missing required labels cluster for user fake\n'])
  assert.deepEqual(await lines(server, '{service_name="unknown_service"}'), ['good'])
  assert.equal(server.stats().rejected.missing_enforced_labels, 2)
})

test('entries without metadata are stored, beside those with any', async (t) => {
  const server = await loki(t, { limits: { metadata: false } })
  assert.equal((await push(server, [one('{a="b"}', entry('good'), entry('bad', metadata))])).status, 400)
  assert.deepEqual(await lines(server, '{a="b"}'), ['good'])
  assert.equal(server.stats().rejected.disallowed_structured_metadata, 1)
})

test('a push larger than the burst is refused for ever, its half is taken', async (t) => {
  let now = clock
  const server = await loki(t, { now: () => now, limits: { rateBytes: 1000, burstBytes: 2000 } })
  const bytes = (count: number): Promise<Answer> => push(server, [{ labels: '{a="b"}', entries: [{ ms: now, line: 'x'.repeat(count) }] }])
  for (let hour = 0; hour < 3; hour++) {
    now += 3_600_000
    assert.equal((await bytes(2001)).status, 429)
  }
  assert.equal((await bytes(1000)).status, 204)
})

/** Texts of streams that one of two ingesters has, and of such as the other has. */
const [ofOne, ofOther] = [0, 1].map((ingester) => Array.from({ length: 40 }, (_, i) => `s${i}`)
  .filter((value) => ingesterOf('fake', `{a="${value}", service_name="unknown_service"}`, 2) === ingester)) as [string[], string[]]
const stream = (value: string, ...entries: TestEntry[]): TestStream => one(
  `{a="${value}"}`, ...(entries.length > 0 ? entries : [entry('x')])
)

test('each ingester has its part of the limit on streams, and refuses in its own name', async (t) => {
  const server = await loki(t, { ingesters: 2, limits: { streams: 5 } })
  assert.equal((await push(server, [stream(ofOne[0]), stream(ofOne[1]), stream(ofOther[0])])).status, 204)
  const answer = await push(server, [stream(ofOne[2]), stream(ofOther[1])])
  assert.equal(answer.status, 429)
  assert.match(answer.text, new RegExp(`trying to create stream \\{a="${ofOne[2]}"`))
  assert.deepEqual(await lines(server, `{a="${ofOther[1]}"}`), ['x'], 'what the other ingester has is stored all the same')
  assert.equal((await push(server, [stream(ofOther[2])])).status, 429)
  assert.equal(server.stats().streams, 4)
})

test('an ingester answers for its last stream alone: 204, although streams of each were dropped', async (t) => {
  const server = await loki(t, { ingesters: 2, limits: { streams: 2 } })
  assert.equal((await push(server, [stream(ofOne[0]), stream(ofOther[0])])).status, 204)
  const more = [entry('y')]
  const answer = await push(server, [
    stream(ofOne[1], ...more), stream(ofOther[1], ...more), stream(ofOne[0], ...more), stream(ofOther[0], ...more)
  ])
  assert.equal(answer.status, 204)
  assert.equal(server.stats().rejected.stream_limit, 2)
  assert.deepEqual([await lines(server, `{a="${ofOne[0]}"}`), await lines(server, `{a="${ofOne[1]}"}`)], [['x', 'y'], []])
  assert.equal(
    (await push(server, [stream(ofOne[0], ...more), stream(ofOther[0], ...more), stream(ofOne[1], ...more)])).status, 429,
    'the last of one ingester is refused'
  )
})

test('the size of a message counts by ingester: one share too large fails for ever with 500, while the other is stored each time', async (t) => {
  const server = await loki(t, { ingesters: 2, limits: { rateBytes: Infinity } })
  const large = (count: number): TestEntry[] => Array.from(
    { length: count }, (_, i) => ({ ms: clock + i, line: String.fromCharCode(97 + i).repeat(250_000) })
  )
  assert.equal(
    (await push(server, [stream(ofOne[0], ...large(12)), stream(ofOther[0], ...large(12))])).status, 204,
    'more than a message in all, less in each share'
  )
  for (let attempt = 0; attempt < 2; attempt++) {
    const answer = await push(server, [stream(ofOne[1], ...large(20)), stream(ofOther[1])])
    assert.equal(answer.status, 500)
    assert.match(answer.text, /^rpc error: code = ResourceExhausted desc = grpc: received message larger than max \(5\d+ vs\. 4194304\)\n$/)
  }
  assert.deepEqual([await lines(server, `{a="${ofOne[1]}"}`), await lines(server, `{a="${ofOther[1]}"}`)], [[], ['x']])
})

test('ingesters have about as many streams each, and a stream always the same one', () => {
  const counts = [0, 0, 0]
  for (let i = 0; i < 3000; i++) counts[ingesterOf('t', `{cloud="c", host="h${i}", source="sudo"}`, 3)]++
  assert.ok(counts.every((count) => count > 800 && count < 1200), String(counts))
})
