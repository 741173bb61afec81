import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fault, refusalOf, toldLate, toldLineLimit, toldRate } from '../../../src/sink/refusals.ts'
import { messagesOf } from '../../../src/embedded/loki/push/messages.ts'

const S = '{a="b"}'

/** Answers of Loki 3.4.6 and 3.7.6, and of HTTP servers before it, with the setting that the hint names. */
const ANSWERS: Array<[status: number, text: string, fault: Fault | undefined, hint?: RegExp]> = [
  ...(['3.4.6', '3.7.6'] as const).map(messagesOf).flatMap((says): Array<[number, string, Fault, RegExp?]> => [
    [400, says.lineTooLong(100, S, 101), 'entry', /LOKEAN_LOKI_MAX_LINE_BYTES/],
    [400, says.metadataDisallowed(S), 'condition', /LOKEAN_METADATA=off/],
    [400, says.metadataTooLarge(S, 2, 1), 'entry', /LOKEAN_METADATA/],
    [400, says.metadataTooMany(S, 2, 1), 'labels', /LOKEAN_METADATA/],
    [400, says.missingLabels('env', 't', S), 'labels', /LOKEAN_LOKI_LABELS/]
  ]),
  [400, `entry for stream '${S}' has timestamp too old: 2026-11-14T08:10:14Z, oldest acceptable timestamp is: 2026-11-15T08:10:14Z`, 'entry', /LOKEAN_LOKI_MAX_AGE/],
  [400, `entry for stream '${S}' has timestamp too new: 2026-11-22T08:21:14Z`, 'entry', /LOKEAN_LOKI_MAX_AHEAD/],
  [400, "entry with timestamp 2026-11-22 06:40:15.191 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: x'", 'entry', /LOKEAN_LOKI_MAX_DISORDER/],
  [400, `stream '${S}' has label value too long: 'x'`, 'entry'],
  [400, `stream '${S}' has label name too long: 'x'`, 'labels', /LOKEAN_LABELS/],
  [400, `stream '${S}' has duplicate label name: 'a'`, 'labels', /LOKEAN_LABELS/],
  [400, `entry for stream '${S}' has 16 label names; limit 15`, 'labels', /LOKEAN_LABELS/],
  [400, "couldn't parse labels: 1:9: parse error: unexpected end of input inside braces", 'entry'],
  [400, 'no org id', 'condition', /LOKEAN_LOKI_TENANT/],
  [400, 'multiple org IDs present', 'condition', /LOKEAN_LOKI_TENANT/],
  [400, 'Client sent an HTTP request to an HTTPS server.', 'unknown', /https:/],
  [400, '<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head>', 'unknown', /https:/],
  [400, '<html>Request blocked</html>', 'unknown', /LOKEAN_LOKI_URL/],
  [400, 'snappy: corrupt input', 'unknown', /LOKEAN_LOKI_URL/],
  [422, 'error at least one valid stream is required for ingestion', 'unknown'],
  [413, '<html>413 Request Entity Too Large</html>', 'size', /LOKEAN_PUSH_BYTES/],
  [413, '', 'size', /LOKEAN_PUSH_BYTES/],
  [500, 'rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5 vs. 4)', 'size', /LOKEAN_PUSH_BYTES/],
  [500, 'rpc error: code = ResourceExhausted desc = trying to send message larger than max (5 vs. 4)', 'size', /LOKEAN_PUSH_BYTES/],
  [403, 'Forbidden', 'unknown', /LOKEAN_LOKI_TOKEN.*firewall/],
  [406, '<html>Not Acceptable</html>', 'unknown', /firewall/],
  [500, 'empty ring', undefined],
  [503, 'has timestamp too old:', undefined],
  [429, 'has timestamp too old:', undefined],
  [401, 'no org id', undefined]
]

for (const [status, text, fault, hint] of ANSWERS) {
  test(`${status} ${text.slice(0, 80)}: ${fault ?? 'refuses nothing for good'}`, () => {
    const refusal = refusalOf(status, text)
    assert.equal(refusal?.fault, fault)
    if (hint !== undefined) assert.match(refusal?.hint ?? '', hint)
  })
}

test('which entries are too far behind is read from Loki\'s text', () => {
  const told = (entry: string, bound: string): string =>
    `entry with timestamp ${entry} +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: x, oldest acceptable timestamp is: ${bound}',\n`
  const end = `user 'fake', total ignored: 2 out of 5 for stream: ${S}\n`
  const [seven, eight] = ['2026-11-22T07:00:00Z', '2026-11-22T08:00:00Z'].map(time => Date.parse(time) / 1000)
  assert.deepEqual(toldLate(told('2026-11-22 06:40:15.191', '2026-11-22T07:00:00Z') + end), {
    stream: S, oldest: { seconds: seven, nanos: 0 }
  })
  const rising = told('2026-11-22 06:40:15', '2026-11-22T07:00:00Z') + told('2026-11-22 07:59:59.5', '2026-11-22T08:00:00Z') +
    told('2026-11-22 06:40:15', '2026-11-22T07:30:00Z')
  assert.deepEqual(toldLate(rising), { stream: undefined, oldest: { seconds: eight, nanos: 0 } }, 'the text may be cut')
  // The bound is in whole seconds, the entry that it refuses is not.
  assert.deepEqual(toldLate(told('2026-11-22 07:00:00.000000191', '2026-11-22T07:00:00Z') + end)?.oldest, { seconds: seven, nanos: 192 })
  for (const text of ['', 'no', told('x', 'y'), "oldest acceptable timestamp is: '"]) assert.equal(toldLate(text), undefined)
  const tooOld = ANSWERS.find(([, text]) => text.includes('too old:'))![1]
  assert.equal(toldLate(tooOld), undefined, 'too old is not too far behind')
})

test('what Loki tells of its limits is read from its text', () => {
  for (const says of (['3.4.6', '3.7.6'] as const).map(messagesOf)) {
    assert.equal(toldLineLimit(says.lineTooLong(256_000, S, 262_144)), 256_000)
    assert.deepEqual(toldRate(says.rateLimited('t', 4_194_304, 28, 7_000_000)), { bytesPerSecond: 4_194_304, pushBytes: 7_000_000 })
  }
  assert.equal(toldLineLimit('no'), undefined)
  assert.deepEqual(toldRate('Per stream rate limit exceeded (limit: 3MB/sec)'), { bytesPerSecond: undefined, pushBytes: undefined })
})
