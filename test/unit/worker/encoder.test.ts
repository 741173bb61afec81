import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import rhea from 'rhea'
import type { EncodeTask } from '../../../src/worker/messages/tasks.ts'
import { Encoder } from '../../../src/worker/encoder.ts'
import { amqpMessage, encodeMessage } from '../../helpers/amqp-values.ts'
import { encode, encodeMessages } from '../../helpers/encode-records.ts'
import { objectText, stringContent } from '../../helpers/json-text.ts'
import { scaled } from '../../helpers/scaled.ts'
import { parseSelector } from '../../helpers/selector.ts'
import {
  ARRIVAL, captures, counters, decodeParts, type DecodedEntry, encoderSettings, encodeTask, mappings, nanoseconds, recordText,
  rsyslogMessage
} from '../../helpers/worker-fixtures.ts'

const arrival = nanoseconds(ARRIVAL)
const nova = {
  level: 'info', pid: '7', request_id: 'req-5d3f0c1e-3f6a-4ac5-8c5c-0c6c4a6f9b57', instance_id: '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'
}

suite('what rsyslog sent', () => {
  for (const { file, case: name, bytes, count } of captures()) {
    test(`${file} (${name}): line, time, labels and metadata of each record`, () => {
      const { entries, result, counts } = encodeMessages([bytes])
      // rhea decodes invalid UTF-8 as Buffer.toString does.
      const records = (rhea.message.decode(bytes).body as string[]).map(record => JSON.parse(record) as Record<string, string>)
      assert.equal(records.length, count)
      assert.equal(result.records, count)
      assert.deepEqual(entries.map(({ line }) => line), records.map(({ message, file }) => (file ? message : message.replace(/^ /, '')).replace(/\n$/, '')))
      // They rise within each stream, or are equal; then the later one makes way.
      const newest = new Map<string, bigint>()
      for (const [i, record] of records.entries()) {
        const [whole, fraction = ''] = record['@timestamp'].replace(/\+00:00$/, '').split('.')
        const own = BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
        const next = (newest.get(entries[i].labels) ?? -1n) + 1n
        assert.equal(entries[i].time, own > next ? own : next)
        newest.set(entries[i].labels, entries[i].time)
        const { cloud, region, host, source, file: path } = record
        assert.deepEqual(parseSelector(entries[i].labels), { cloud, region, host, source, service_name: source })
        assert.deepEqual(entries[i].metadata, { ...(path === '' ? { level: 'info' } : { file: path }), ...(name === 'nova' ? nova : {}) })
      }
      assert.deepEqual(counts, name.startsWith('badutf8') ? { utf8: 1 } : {})
    })
  }

  test('all of it in one batch, twice over: the same entries', () => {
    const messages = captures().map(({ bytes }) => bytes)
    const encoder = new Encoder(encoderSettings())
    const [first, second] = [encodeMessages(messages, {}, encoder), encodeMessages(messages, {}, encoder)]
    assert.equal(first.result.records, captures().reduce((sum, { count }) => sum + count, 0))
    assert.deepEqual(second, first)
    const alone = captures().flatMap(({ bytes }) => encodeMessages([bytes]).entries)
    const sorted = (entries: DecodedEntry[]): string[] => entries.map(({ part, time, ...rest }) => JSON.stringify([String(time), rest]))
      .sort()
    assert.deepEqual(sorted(first.entries), sorted(alone))
  })
})

suite('bodies with nothing in them', () => {
  test('an AMQP message without a body, or one nobody can read: all of it, in base64', () => {
    const bodies: Array<[bytes: Buffer, line: string]> = [
      [Buffer.alloc(0), '0 bytes, base64: '],
      [Buffer.from('00537045', 'hex'), '4 bytes, base64: AFNwRQ=='],
      [Buffer.from('0053775407', 'hex'), '2 bytes, base64: VAc='],
      [Buffer.from('hello'), '5 bytes, base64: aGVsbG8='],
      [Buffer.alloc(5000, 0xff), `5000 bytes, base64: ${Buffer.alloc(5000, 0xff).toString('base64')}`]
    ]
    for (const [bytes, line] of bodies) {
      const { entries, counts, result } = encodeMessages([bytes])
      assert.deepEqual(entries.map(entry => [entry.line, entry.time]), [[line, arrival]])
      assert.deepEqual(parseSelector(entries[0].labels), { source: 'lokean', quarantine: 'bad_body' })
      assert.deepEqual([counts, result.records], [{ bad_body: 1 }, 1])
    }
  })

  test('nothing in a message is nothing stored', () => {
    const { result } = encodeMessages([rsyslogMessage([]), Buffer.from('00537745', 'hex'), Buffer.from('00537740', 'hex')])
    assert.deepEqual([result.parts, result.records, counters(result)], [[], 0, {}])
    assert.ok(Number.isNaN(result.oldestMs))
  })

  test('a long list of empty strings', () => {
    const count = scaled(1_000_000)
    const strings = Buffer.alloc(2 * count, Buffer.from('a100', 'hex'))
    const head = Buffer.from('005377d0000000000000000000'.slice(0, 24), 'hex')
    head.writeUInt32BE(4 + strings.length, 4)
    head.writeUInt32BE(count, 8)
    const result = new Encoder(encoderSettings()).encode(encodeTask([Buffer.concat([head, strings])]))
    assert.deepEqual([result.records, counters(result)], [count, { empty: count }])
    assert.equal(result.parts.reduce((sum, { records }) => sum + records, 0), count)
    assert.ok(result.parts.reduce((sum, { body }) => sum + body.length, 0) < 20 * count)
  })
})

test('any record is the same entry, whether scanned or parsed by JSON.parse', () => {
  const keys = ['host', 'hostname', 'cloud', 'source', 'severity', 'tag', 'file', 'level', 'pid', 'message', '@timestamp', 'x']
  const time = fc.constantFrom(
    '2026-11-22T08:13:28.486506+00:00', '2026-11-22T08:13:28Z', '2026-11-22T08:13:28\\u002b00:00', '2020-01-01T00:00:00Z',
    '2030-01-01T00:00:00Z', 'never'
  )
  const message = fc.oneof(stringContent(false), stringContent(false).map(text => `2026-11-22 08:00:01.234 7 INFO nova [req-1 u] [instance: i] ${text}`), stringContent(false).map(text => `${text.repeat(30)} `))
  const record = fc.tuple(objectText(keys), message, time).map(([text, message, time]) => {
    const body = text.trim().slice(1, -1).trim()
    return `{"message":"${message}","@timestamp":"${time}","cloud":"c"${body === '' ? '' : `,${body}`}}`
  })
  const settings = { metadata: mappings('level,file,pid,request_id,instance_id,copy=message'), maxLineBytes: 1024 }
  const encoder = new Encoder(encoderSettings(settings))
  let stored = 0
  const numRuns = scaled(1200)
  fc.assert(fc.property(record, record => {
    const [scanned, parsed] = [
      record, record.replace(/\}$/, ',"unused key":1}')
    ].map(text => encodeMessages([rsyslogMessage([text])], settings, encoder))
    assert.deepEqual(scanned.counts, parsed.counts)
    assert.equal(scanned.result.records, 1)
    if (scanned.result.quarantined.some(count => count > 0)) return
    stored++
    assert.deepEqual(scanned, { ...parsed, result: { ...parsed.result, parts: scanned.result.parts } })
  }), { numRuns })
  assert.ok(stored > numRuns / 6, `a fair part of the records is stored (${stored})`)
})

test('any messages: every record found is stored once or in quarantine once, whatever they hold', () => {
  const record = fc.oneof(
    { weight: 4, arbitrary: objectText(['message', '@timestamp', 'cloud', 'host'], { broken: true }) },
    {
      weight: 4,
      arbitrary: fc.dictionary(fc.constantFrom('message', 'cloud', 'host', 'file'), fc.oneof(fc.string(), fc.jsonValue()))
        .map(all => recordText(all))
    },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 4000 }).map(size => recordText({ message: 'x'.repeat(size) })) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3000 }) },
    { weight: 1, arbitrary: fc.constantFrom('', '\n', 'null', '{}', 'é') }
  )
  const message = fc.oneof(
    { weight: 4, arbitrary: fc.array(record, { maxLength: 8 }).map(rsyslogMessage) },
    { weight: 2, arbitrary: amqpMessage().map(encodeMessage) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.array(record, { maxLength: 8 }).map(rsyslogMessage), fc.nat())
        .map(([bytes, at]) => bytes.subarray(0, at % bytes.length))
    }
  )
  const encoder = new Encoder(encoderSettings({ maxLineBytes: 1024, pushBytes: 64 * 1024 }))
  fc.assert(fc.property(fc.array(message, { maxLength: 6 }), messages => {
    const { result, entries } = encodeMessages(messages, {}, encoder)
    const first = entries.filter(({ metadata }) => metadata.piece === undefined || metadata.piece.startsWith('1/'))
    assert.equal(first.length + result.empty, result.records)
    const quarantined = first.filter(({ labels }) => parseSelector(labels).quarantine !== undefined)
    assert.equal(quarantined.length, result.quarantined.reduce((sum, count) => sum + count, 0))
    const kept = entries.filter(({ labels }) => parseSelector(labels).quarantine !== undefined)
    assert.equal(new Set(kept.map(({ time }) => time)).size, kept.length, 'at a time of its own')
    const bytes = messages.reduce((sum, { length }) => sum + length + 1, 0)
    assert.ok(kept.every(({ time }) => time >= arrival && time < arrival + BigInt(bytes)), 'within the batch\'s own nanoseconds')
    assert.deepEqual(encodeMessages(messages, {}, encoder), { result, entries, counts: counters(result) }, 'and once more, the same')
  }), { numRuns: scaled(300) })
})

test('what lies between messages, and which of them are looked at together, makes no difference', () => {
  const text = fc.oneof(
    fc.constantFrom('', 'a "line"', 'é', '\ud83d'), fc.integer({ min: 15_000, max: 90_000 }).map(size => 'long '.repeat(size / 5))
  )
  const record = fc.oneof({
    weight: 6, arbitrary: text.map(message => recordText({ message }))
  }, { weight: 1, arbitrary: fc.constant('{"message":"cut') })
  const message = fc.array(record, { maxLength: 3 }).map(rsyslogMessage)
  const gap = fc.constantFrom('', '"', '"}', '":"x"}', '\u00ff')
  const encoder = new Encoder(encoderSettings())
  fc.assert(fc.property(fc.array(fc.tuple(gap, message), { maxLength: 12 }), parts => {
    const task = encodeTask(parts.flatMap(([gap, message]) => [Buffer.from(gap, 'latin1'), message]))
    const apart = { ...task, starts: task.starts.filter((_, i) => i % 2 === 1), ends: task.ends.filter((_, i) => i % 2 === 1) }
    const alone = parts.map(([, message]) => encodeMessages([message], {}, encoder))
    const result = encoder.encode(apart)
    const entries = (all: DecodedEntry[]): unknown[] => all.map(({ labels, line, metadata }) => JSON.stringify([labels, line, metadata]))
      .sort()
    assert.deepEqual(entries(decodeParts(result.parts)), entries(alone.flatMap(({ entries }) => entries)))
    assert.equal(result.records, alone.reduce((sum, { result }) => sum + result.records, 0))
  }), { numRuns: 100 })
})

test('memory that grows in the middle of a batch leaves everything in it as it was', () => {
  // JSON.parse reads the long ones, or they are not UTF-8. So each lies in memory three times: as it came, as text, and
  // as an entry.
  const long = (i: number): Buffer => {
    const text = recordText({ message: `${'long '.repeat(300_000 * i)}~`, file: 'f', host: `h${i}`, level: 'own' })
    return Buffer.from(i % 2 === 0 ? text.replace('~', '\\ud83d\\ude00') : text.replace('~', '\xff'), i % 2 === 0 ? 'utf8' : 'latin1')
  }
  const records = Array.from(
    { length: 6 },
    (_, i) => [...Array.from({ length: 300 }, (_, j) => recordText({ message: `a "line" ${i} ${j}`, host: `h${j % 4}` })), long(i + 1)]
  ).flat()
  const { entries, counts } = encodeMessages(records.map(record => rsyslogMessage([record])), { maxLineBytes: 64 * 1024 * 1024 })
  const byHost = (all: Array<{ host: string, line: string }>): Map<string, string[]> =>
    all.reduce((hosts, { host, line }) => hosts.set(host, [...hosts.get(host) ?? [], line]), new Map<string, string[]>())
  const expected = records.map(record => JSON.parse(record.toString()) as { host: string, message: string })
    .map(({ host, message }) => ({ host, line: message }))
  assert.deepEqual(byHost(entries.map(({ labels, line }) => ({ host: parseSelector(labels).host, line }))), byHost(expected))
  assert.ok(entries.every(({ metadata, line }) => line.startsWith('long')
    ? metadata.file === 'f' && metadata.level === 'own'
    : metadata.level === 'info'))
  assert.deepEqual(counts, { utf8: 3 })
})

test('records of messages that were sent before are counted, those in quarantine too', () => {
  const records = [recordText({ message: 'one' }), 'no JSON', recordText({ message: 'three' }), recordText({ message: 'four' })]
  const task = encodeTask([1, 2, 3, 4].map(count => rsyslogMessage(records.slice(0, count))))
  const count = (redelivered?: number[]): number => new Encoder(encoderSettings()).encode({ ...task, redelivered }).redelivered
  assert.deepEqual([count(), count([]), count([1, 3]), count([3]), count([0, 1, 2, 3])], [0, 0, 6, 4, 10])
})

test('the oldest time stored is told, in milliseconds, quarantine aside', () => {
  const times = ['2026-11-22T08:13:28.5Z', '2026-11-22T08:13:27.25Z', '2026-11-22T08:14:00Z', '2001-01-01T00:00:00Z']
  assert.equal(encode(times.map(time => recordText({ '@timestamp': time }))).result.oldestMs, Date.parse('2026-11-22T08:13:27.250Z'))
  assert.ok(Number.isNaN(encode(['x']).result.oldestMs))
})

const later = { ...ARRIVAL, seconds: ARRIVAL.seconds + 1 }

test('streams of one tenant and shard share parts, others do not; one that Loki may not know has a part of its own', () => {
  const records = Array.from({ length: 200 }, (_, i) => recordText({ host: `h${i}`, cloud: `c${i % 3}` }))
  const settings = encoderSettings({ tenant: { kind: 'field', field: 'cloud' } })
  const encoder = new Encoder(settings)
  const first = encoder.encode(encodeTask([rsyslogMessage(records)]))
  assert.deepEqual(first.parts.map(({ records, solo }) => [records, solo]), Array(200).fill([1, true]))

  const { parts } = encoder.encode(encodeTask([rsyslogMessage([...records, recordText({ host: 'new', cloud: 'c0' })])], later))
  const shards = parts.filter(({ solo }) => !solo).map(({ tenant, shard }) => `${tenant} ${shard}`)
  assert.equal(new Set(shards).size, shards.length, 'one part a shard')
  assert.equal(shards.length, 12)
  assert.ok(decodeParts(parts).every(({ tenant, labels }) => parseSelector(labels).cloud === tenant))
  assert.equal(parts.length, 13)
  assert.deepEqual(decodeParts(parts.filter(({ solo }) => solo)).map(({ labels }) => parseSelector(labels).host), ['new'])
})

test('a stream with much at once has a part of its own, as Loki may limit it, behind the one of the others', () => {
  const much = Array.from({ length: 30 }, (_, i) => recordText({ host: 'busy', message: `${i} ${'x'.repeat(4000)}` }))
  const few = Array.from({ length: 5 }, (_, i) => recordText({ host: `h${i}` }))
  const encoder = new Encoder(encoderSettings({ shards: 1 }))
  const message = rsyslogMessage([...few.slice(0, 2), ...much, ...few.slice(2)])
  encoder.encode(encodeTask([message]))
  const { parts } = encoder.encode(encodeTask([message], later))
  assert.deepEqual(parts.map(part => [part.solo, [...new Set(decodeParts([part]).map(({ labels }) => parseSelector(labels).host))]]), [
    [false, ['h0', 'h1', 'h2', 'h3', 'h4']], [true, ['busy']]
  ])
})

test('a batch that fails half-way leaves nothing behind for the next, not even what it has counted', () => {
  const encoder = new Encoder(encoderSettings())
  const message = rsyslogMessage([recordText({ file: 'x'.repeat(3000), cloud: 'y'.repeat(3000) }), Buffer.from('\xff', 'latin1')])
  const task = encodeTask([message, message])
  const starts = { 0: 0, get 1 (): number { throw new Error('out of memory') } } as unknown as EncodeTask['starts']
  assert.throws(() => encoder.encode({ ...task, starts }), /out of memory/)
  const result = encoder.encode(task)
  assert.deepEqual(result, new Encoder(encoderSettings()).encode(task))
  assert.deepEqual(counters(result), { invalid_json: 2, label_cut: 2, metadata_cut: 2, utf8: 2 })
})
