import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Bisected, BisectTask, Part, RejectedEntry } from '../../../../src/worker/messages/tasks.ts'
import { Encoder } from '../../../../src/worker/encoder.ts'
import { bisect as bisectPart } from '../../../../src/worker/output/bisect.ts'
import {
  ARRIVAL, decodeParts, type DecodedEntry, encoderSettings, encodeTask, nanoseconds, recordText, rsyslogMessage
} from '../../../helpers/worker-fixtures.ts'

const SHARDS = 3
const settings = encoderSettings({ shards: SHARDS, tenant: { kind: 'fixed', tenant: 'me' } })

/** One for all: what it has seen before must make no difference. */
const encoder = new Encoder(settings)

const task = (part: Part): BisectTask => ({ part, arrivalSeconds: 1_800_000_000, arrivalNanos: 5, reason: '400 entry too far behind' })

const bisect = (task: BisectTask): Bisected => bisectPart(task, settings)

function partsOf (records: readonly string[]): Part[] {
  return encoder.encode(encodeTask([rsyslogMessage(records)])).parts
}

function asEntry (bisected: Bisected): { entry: RejectedEntry, part: Part } {
  assert.equal(bisected.kind, 'entry')
  return bisected
}

const rejectedOf = ({ tenant, labels, time, line, metadata }: DecodedEntry): RejectedEntry =>
  ({ reason: task({} as Part).reason, tenant, stream: labels, timestamp: String(time), line, metadata })

test('a single entry is told in full, and carried to the quarantine stream', () => {
  const message = '2026-11-22 08:00:01.234 7 INFO nova [req-1 u p] "quoted" é\u{1f600}'
  const [part] = partsOf([recordText({ message, file: '/f' })])
  const { entry, part: carrier } = asEntry(bisect(task(part)))
  assert.deepEqual(entry, {
    reason: '400 entry too far behind',
    tenant: 'me',
    stream: '{cloud="cloud1", host="host1", region="regionOne", service_name="tag1", source="tag1"}',
    timestamp: '1795335208486506000',
    line: message,
    metadata: { level: 'info', file: '/f', pid: '7', request_id: 'req-1' }
  })
  const labels = '{quarantine="refused", source="lokean"}'
  assert.deepEqual(decodeParts([carrier]), [{
    part: 0,
    tenant: 'me',
    shard: part.shard,
    labels,
    time: nanoseconds({ seconds: 1_800_000_000, nanos: 5 }),
    line: message,
    metadata: {
      address: 'rsyslog/logs',
      original_timestamp: '2026-11-22T08:13:28.486506000Z',
      cloud: 'cloud1',
      region: 'regionOne',
      host: 'host1',
      source: 'tag1'
    }
  }])
  assert.equal(carrier.records, 1)
})

test('a long line is carried in pieces that the tenant takes, a nanosecond apart, that joined are the line', () => {
  const message = 'příliš žluťoučký kůň '.repeat(400)
  const [part] = partsOf([recordText({ message })])
  const carried = (maxLineBytes?: number, metadata = settings.metadata): DecodedEntry[] =>
    decodeParts([asEntry(bisectPart({ ...task(part), maxLineBytes }, { ...settings, maxLineBytes: 4096, metadata })).part])
  for (const [limit, most] of [[undefined, 4096], [1000, 1000], [100_000, 4096], [1, 256]] as const) {
    const pieces = carried(limit)
    assert.ok(pieces.every(({ line }) => Buffer.byteLength(line) <= most))
    assert.ok(pieces.length <= Math.ceil(Buffer.byteLength(message) / (most - 1)))
    assert.deepEqual(pieces.map(({ time }) => time - pieces[0].time), pieces.map((_, i) => BigInt(i)))
    assert.deepEqual(pieces.map(({ metadata }) => metadata.piece), pieces.map((_, i) => `${i + 1}/${pieces.length}`))
    assert.ok(pieces.every(({ metadata }) => metadata.host === 'host1'))
    assert.equal(pieces.map(({ line }) => line).join(''), message)
  }
  const prefixed = carried(1000, [])
  assert.ok(prefixed.every(({ line, metadata }) => Buffer.byteLength(line) <= 1000 && Object.keys(metadata).length === 0))
  assert.deepEqual(prefixed.map(({ line }) => /^\[(\d+\/\d+)\] /.exec(line)?.[1]), prefixed.map((_, i) => `${i + 1}/${prefixed.length}`))
  assert.equal(prefixed.map(({ line }) => line.replace(/^\[\d+\/\d+\] /, '')).join(''), message)
})

test('what is told of the entry is short, and has the values of its labels as they were', () => {
  const [part] = partsOf([recordText({ cloud: 'é'.repeat(500), host: 'no host', source: 'a "quoted"\\n\n\u2028', region: '' })])
  const { metadata } = decodeParts([asEntry(bisect(task(part))).part])[0]
  assert.equal(metadata.cloud, 'é'.repeat(128))
  assert.equal(metadata.host, 'no host')
  assert.equal(metadata.source, 'a "quoted"\\n\n\u2028')
  assert.equal('region' in metadata, false)
})

test('labels that the settings give are labels of its stream, and not told besides', () => {
  const own = encoderSettings({
    lokiLabels: [{ name: 'cluster', value: 'x' }],
    origins: [{ address: 'rsyslog/logs', labels: [{ name: 'cloud', value: 'own' }], tenant: undefined }]
  })
  const [part] = new Encoder(own).encode(encodeTask([rsyslogMessage([recordText()])])).parts
  const [{ labels, metadata }] = decodeParts([asEntry(bisectPart(task(part), own)).part])
  assert.equal(labels, '{cloud="own", cluster="x", quarantine="refused", source="lokean"}')
  assert.deepEqual(Object.keys(metadata).sort(), ['address', 'host', 'original_timestamp', 'region', 'source'])
})

test('an entry of quarantine stays in its stream, with what was told of it, and a piece in pieces keeps its number', () => {
  const cutting = encoderSettings({ maxLineBytes: 1024 })
  const { parts } = new Encoder(cutting).encode(encodeTask([rsyslogMessage([`${recordText()}${'x'.repeat(1500)}`])]))
  const [part] = parts.filter(({ quarantine }) => quarantine).map(part => part.records === 1 ? part : halfOf(part))
  const pieces = decodeParts([asEntry(bisectPart({ ...task(part), maxLineBytes: 600 }, cutting)).part])
  assert.deepEqual(pieces.map(({ labels, metadata }) => [labels, metadata.piece, metadata.host, metadata.original_timestamp]), [
    '1/2 1/2', '1/2 2/2'
  ].map(piece => ['{quarantine="invalid_json", source="lokean"}', piece, 'host1', '2026-11-22T08:13:28.486506+00:00']))
})

/** The first half of a part. */
function halfOf (part: Part): Part {
  const bisected = bisect(task(part))
  assert.equal(bisected.kind, 'halves')
  return bisected.parts[0]
}

test('the time has all nine digits behind the seconds', () => {
  const [part] = partsOf([recordText({ '@timestamp': '2026-11-22T08:00:00.000000007Z' })])
  assert.equal(asEntry(bisect(task(part))).entry.timestamp, '1795334400000000007')
})

test('halves are solo where the whole was, and the carrier always: its stream may be new to Loki', () => {
  const [part] = partsOf([recordText({ message: 'first' }), recordText({ message: 'second' })])
  for (const solo of [true, false]) {
    const halved = bisect(task({ ...part, solo }))
    assert.ok(halved.kind === 'halves')
    assert.deepEqual(halved.parts.map(half => half.solo), [solo, solo])
    assert.equal(asEntry(bisect(task(halved.parts[0]))).part.solo, true)
  }
})

test('two entries become two parts of one', () => {
  const [part] = partsOf([recordText({ message: 'first' }), recordText({ message: 'second' })])
  const bisected = bisect(task(part))
  assert.equal(bisected.kind, 'halves')
  assert.deepEqual(bisected.parts.map(half => decodeParts([half]).map(({ line }) => line)), [['first'], ['second']])
})

test('any part, halved until each entry stands alone, gives exactly its entries, in as few steps as may be', () => {
  const record = fc.record({ host: fc.constantFrom('a', 'b', 'c'), message: fc.string({ unit: 'grapheme', maxLength: 20 }) })
    .map(recordText)
  fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 60 }), records => {
    for (const part of partsOf(records)) {
      const found: RejectedEntry[] = []
      let deepest = 0
      const narrow = (part: Part, depth: number): void => {
        deepest = Math.max(deepest, depth)
        const entries = decodeParts([part])
        assert.equal(part.records, entries.length)
        const bisected = bisect(task(part))
        if (bisected.kind === 'entry') {
          assert.equal(entries.length, 1)
          found.push(bisected.entry)
          return
        }
        const halves = bisected.parts
        assert.deepEqual(halves.map(({ tenant, shard }) => [tenant, shard]), Array(2).fill([part.tenant, part.shard]))
        assert.ok(Math.abs(halves[0].records - halves[1].records) <= 1 && halves.every(({ records }) => records > 0))
        for (const half of halves) narrow(half, depth + 1)
      }
      narrow(part, 0)
      assert.deepEqual(found, decodeParts([part]).map(rejectedOf))
      assert.ok(deepest <= Math.ceil(Math.log2(part.records)))
    }
  }), { numRuns: 150 })
})

test('a part that came from quarantine is narrowed down like any other', () => {
  const [part] = partsOf(['not JSON'])
  const { entry } = asEntry(bisect(task(part)))
  assert.deepEqual([
    entry.stream, entry.line, entry.timestamp
  ], ['{quarantine="invalid_json", source="lokean"}', 'not JSON', String(nanoseconds(ARRIVAL))])
})

test('bytes that are no part are an error, not an answer', () => {
  const broken = { address: 'a', tenant: '', shard: 0, rawBytes: 1, records: 2, solo: false, quarantine: false }
  assert.throws(() => bisect(task({ ...broken, body: Buffer.from('ffffff', 'hex') })))
  assert.throws(() => bisect(task({ ...broken, body: Buffer.from('0208ffff', 'hex') })))
})
