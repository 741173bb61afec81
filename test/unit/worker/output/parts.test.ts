import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import snappy from 'snappy'
import type { Part } from '../../../../src/worker/messages/tasks.ts'
import { Arena } from '../../../../src/worker/output/arena.ts'
import { Fields } from '../../../../src/worker/input/fields.ts'
import { Kernel } from '../../../../src/worker/kernel/kernel.ts'
import { PartWriter } from '../../../../src/worker/output/parts.ts'
import { decodePush } from '../../../../src/worker/output/push-schema.ts'
import { Stream } from '../../../../src/worker/streams/stream.ts'
import { Timestamp } from '../../../../src/worker/input/timestamp.ts'
import { readPush } from '../../../helpers/push-reader.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { encoderSettings } from '../../../helpers/worker-fixtures.ts'

const snappyjs = createRequire(import.meta.url)('snappyjs') as { uncompress (bytes: Uint8Array): Uint8Array }

const NAMES = ['level', 'request_id', 'n'.repeat(127), 'n'.repeat(128), 'n'.repeat(300)]
interface Written { stream: number, seconds: number, nanos: number, line: string, metadata: Record<string, string> }

/** An encoder's arena, and the writer of its entries. The test sets the fields by hand. */
class Writer {
  readonly kernel = new Kernel()
  readonly settings = encoderSettings({ metadata: NAMES.map(name => ({ name, field: name })) })
  readonly fields = new Fields(this.settings, this.kernel)
  readonly arena = new Arena(this.settings, this.fields, this.kernel)
  readonly parts: PartWriter
  readonly #time = new Timestamp()

  constructor (pushBytes: number) {
    this.parts = new PartWriter(pushBytes, this.kernel)
    this.arena.clear(this.kernel.window(0))
  }

  store (stream: Stream, { seconds, nanos, line, metadata }: Written): void {
    const { arena, fields } = this
    const place = (text: string): [start: number, end: number] => {
      const start = arena.place(Buffer.from(text))
      return [start, arena.limit]
    }
    fields.clear()
    for (const [name, value] of Object.entries(metadata)) fields.set(fields.slot(name), ...place(value))
    this.#time.set(seconds, nanos)
    arena.append(stream, ...place(line), this.#time)
  }
}

/** Two readers must agree on a part, and the part must agree with its own counts. */
function decode ({ body, rawBytes, records }: Part): ReturnType<typeof readPush> {
  const raw = snappy.uncompressSync(Buffer.from(body)) as Buffer
  assert.ok(raw.equals(snappyjs.uncompress(body)), 'snappy and snappyjs')
  assert.equal(raw.length, rawBytes)
  const push = readPush(raw)
  assert.deepEqual(decodePush(raw), push, 'protobufjs and pbf')
  assert.equal(push.streams.reduce((sum, { entries }) => sum + entries.length, 0), records)
  assert.ok(push.streams.every(({ entries }) => entries.length > 0), 'no stream without entries')
  return push
}

/**
 * Writes all entries and returns the parts. Checks that the parts hold every entry, each stream in order and in its own
 * shard.
 */
function roundTrip (streams: Stream[], written: readonly Written[], writer: Writer): Part[] {
  for (const one of written) writer.store(streams[one.stream], one)
  const touched = [...new Set(written.map(({ stream }) => streams[stream]))]
  const parts = writer.parts.write('a', touched, writer.arena)
  writer.arena.clear()
  assert.ok(touched.every(({ head, tail, bytes, entries }) => head === -1 && tail === -1 && bytes === 0 && entries === 0))
  const found = parts.flatMap(part => decode(part).streams.map(({ labels, entries }) => ({ part, labels, entries })))
  for (const [i, stream] of streams.entries()) {
    const own = found.filter(({ part, labels }) => part.tenant === stream.tenant && part.shard === stream.shard &&
      labels === Buffer.from(stream.labels).toString())
    const expected = written.filter(one => one.stream === i).map(({ seconds, nanos, line, metadata }) => ({
      timestamp: { seconds, nanos },
      line,
      structuredMetadata: NAMES.filter(name => (metadata[name] ?? '') !== '').map(name => ({ name, value: metadata[name] }))
    }))
    assert.deepEqual(own.flatMap(({ entries }) => entries), expected)
  }
  assert.equal(parts.reduce((sum, { records }) => sum + records, 0), written.length, 'and nothing else')
  return parts
}

const tenants = ['', 'a', 'b']
const manyStreams = (): Stream[] => Array.from(
  { length: 12 }, (_, i) => new Stream(`{cloud="c", host="h${Math.floor(i / 3)}"}`, tenants[i % 3], 3)
)

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.string({ unit: 'grapheme' }).map(text => text.repeat(20)))
const written = fc.record({
  stream: fc.nat({ max: 11 }),
  seconds: fc.oneof(fc.nat(), fc.constantFrom(0, 1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 35, 253_402_300_799)),
  nanos: fc.oneof(fc.nat({ max: 999_999_999 }), fc.constantFrom(0, 1, 127, 128, 999_999_999)),
  line: text,
  metadata: fc.dictionary(fc.constantFrom(...NAMES), text, { maxKeys: 3 })
})

test('any entries of any streams come back from two protobuf readers and two snappy readers', () => {
  const writer = new Writer(2000)
  fc.assert(fc.property(fc.array(written, { maxLength: 60 }), all => {
    const parts = roundTrip(manyStreams(), all, writer)
    for (const part of parts) if (part.rawBytes > 2000) assert.equal(part.records, 1, 'only a single entry is larger than a push')
  }), { numRuns: scaled(400) })
})

test('lines about the size of a push', () => {
  const writer = new Writer(1000)
  for (let size = 880; size < 1010; size++) {
    const all = [
      10, size, 10, size, size, 10
    ].map((length, i) => ({ stream: i % 2, seconds: 1, nanos: i, line: 'x'.repeat(length), metadata: {} }))
    for (const { rawBytes, records } of roundTrip(manyStreams(), all, writer)) assert.ok(rawBytes <= 1000 || records === 1)
  }
})

test('lines whose lengths need one byte more', () => {
  const writer = new Writer(1024 * 1024)
  for (const size of [127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
    for (const more of [-30, -20, -10, 0, 1]) {
      roundTrip(
        manyStreams(), [{ stream: 0, seconds: 1_795_335_300, nanos: 5, line: 'x'.repeat(size + more), metadata: { level: 'info' } }], writer
      )
    }
  }
})

test('more entries than the arena first has room for', () => {
  const all = Array.from({ length: 20_000 }, (_, i) => ({ stream: i % 12, seconds: i, nanos: i % 7, line: `line ${i}`, metadata: {} }))
  const parts = roundTrip(manyStreams(), all, new Writer(50_000))
  for (const { tenant, shard } of parts) {
    const own = parts.filter(part => part.tenant === tenant && part.shard === shard)
    for (const [i, { rawBytes }] of own.entries()) {
      assert.ok(i === 0 || rawBytes + own[i - 1].rawBytes > 49_000, 'two parts where one would do')
    }
  }
})

test('nothing to write is no part', () => {
  const writer = new Writer(1000)
  assert.deepEqual(writer.parts.write('a', [], writer.arena), [])
})

test('quarantined entries and others share no part, though tenant and shard are the same', () => {
  const writer = new Writer(50_000)
  const streams = [new Stream('{a="b"}', 't', 1), new Stream('{source="lokean"}', 't', 1, true)]
  for (const stream of streams) stream.isNewToLoki = false
  const written = Array.from({ length: 8 }, (_, i) => ({ stream: i % 2, seconds: i, nanos: 0, line: `line ${i}`, metadata: {} }))
  const parts = roundTrip(streams, written, writer)
  assert.deepEqual(parts.map(part => [part.address, part.quarantine, decode(part).streams.map(({ labels }) => labels)]), [
    ['a', false, ['{a="b"}']],
    ['a', true, ['{source="lokean"}']]
  ])
})
