import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PushColumns } from '../../../../../src/embedded/loki/push/push-columns.ts'
import { decodePush, readMetadata } from '../../../../../src/embedded/loki/push/push-decode.ts'
import { Refusal } from '../../../../../src/embedded/loki/push/refusal.ts'
import { pushRequest } from './logproto.ts'
import { scaled } from '../../../../helpers/scaled.ts'

interface Decoded { labels: string, entries: Array<{ seconds: number, nanos: number, line: string, metadata: Array<[string, string]> }> }

function decode (bytes: Buffer): Decoded[] {
  // The push lies at an offset, as in a chunk with other pushes.
  const buf = Buffer.concat([Buffer.alloc(7, 0xff), bytes, Buffer.alloc(7, 0xff)])
  const columns = new PushColumns()
  decodePush(buf, 7, 7 + bytes.length, columns)
  return Array.from({ length: columns.streams }, (_, i) => ({
    labels: buf.toString('utf8', columns.labelsStart[i], columns.labelsEnd[i]),
    entries: Array.from({ length: columns.firstEntry[i + 1] - columns.firstEntry[i] }, (_, n) => {
      const entry = columns.firstEntry[i] + n
      const metadata = readMetadata(buf, columns.entryStart[entry], columns.entryEnd[entry])
        .map(({ name, value }): [string, string] => [name, value])
      assert.equal(columns.metadataPairs[entry], metadata.length)
      assert.equal(
        columns.metadataBytes[entry],
        metadata.filter(([name]) => name !== 'detected_level').reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0)
      )
      return {
        seconds: columns.seconds[entry],
        nanos: columns.nanos[entry],
        line: buf.toString('utf8', columns.lineStart[entry], columns.lineEnd[entry]),
        metadata
      }
    })
  }))
}

const text = fc.string({ unit: 'grapheme', maxLength: 200 })

test('decodes what protobufjs encodes', () => {
  const entry = fc.record({
    ms: fc.integer({ min: -62135596800000, max: 253402300799000 }).map((ms) => Math.floor(ms / 1000) * 1000),
    ns: fc.nat({ max: 999_999_999 }),
    line: text,
    metadata: fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true })
  })
  fc.assert(fc.property(fc.array(fc.record({ labels: text, entries: fc.array(entry, { maxLength: 8 }) }), { maxLength: 90 }), (streams) => {
    assert.deepEqual(decode(pushRequest(streams)), streams.map(({ labels, entries }) => ({
      labels,
      entries: entries.map(({ ms, ns, line, metadata }) => ({
        seconds: Math.floor(ms / 1000), nanos: ns, line, metadata: Object.entries(metadata)
      }))
    })))
  }), { numRuns: 60 })
})

function varint (value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

const message = (field: number, bytes: Buffer): Buffer => Buffer.concat([Buffer.from([field * 8 + 2]), varint(BigInt(bytes.length)), bytes])
const atSeconds = (seconds: bigint): Buffer => message(1, message(2, message(1, Buffer.concat([Buffer.from([8]), varint(seconds)]))))
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')

test('takes fields in any order, the last of a kind, and passes over unknown ones', () => {
  const unknown = hex('58 ff01  59 0102030405060708  5a 02 aabb  5d 01020304  5b 08 01 5b 5c 5c')
  const timestamp = Buffer.concat([hex('10 07'), unknown, hex('08 05')])
  const entry = Buffer.concat([
    message(3, Buffer.concat([message(2, Buffer.from('v')), unknown, message(1, Buffer.from('n'))])),
    message(2, Buffer.from('old')), unknown, message(1, timestamp), message(4, Buffer.from('parsed')), message(2, Buffer.from('new')),
    message(3, message(1, Buffer.from('only')))
  ])
  const stream = Buffer.concat([hex('18 8a01'), message(2, entry), unknown, message(1, Buffer.from('{a="b"}'))])
  assert.deepEqual(decode(Buffer.concat([unknown, message(1, stream)])), [
    { labels: '{a="b"}', entries: [{ seconds: 5, nanos: 7, line: 'new', metadata: [['n', 'v'], ['only', '']] }] }
  ])
})

test('takes varints longer than they need be, and negative numbers', () => {
  // Tag and length have more bytes than needed; seconds -1 have ten.
  const line = Buffer.concat([hex('9280808080808080 8000  8380808000'), Buffer.from('abc')])
  const timestamp = message(1, hex('08 ffffffffffffffffff01'))
  const entry = Buffer.concat([line, timestamp])
  assert.deepEqual(decode(message(1, message(2, entry))), [{ labels: '', entries: [{ seconds: -1, nanos: 0, line: 'abc', metadata: [] }] }])
})

test('an entry without a time has Go\'s zero time', () => {
  assert.equal(decode(message(1, message(2, message(2, Buffer.from('x')))))[0].entries[0].seconds, -62135596800)
})

// The answers are those of Loki 3.4.6.
for (const [name, digits, expected] of [
  ['wire type 6', '0e', 'proto: wrong wireType = 6 for field Streams'],
  ['wire type 7 of an unknown field', '67', 'proto: illegal wireType 7'],
  ['field 0', '02', 'proto: PushRequest: illegal tag 0 (wire type 2)'],
  ['an end of no group', '0c', 'proto: PushRequest: wiretype end group for non-group'],
  ['a group without end', '13', 'unexpected EOF'],
  ['streams as a varint', '08 01', 'proto: wrong wireType = 0 for field Streams'],
  ['a length past the end', '0a 05 01', 'unexpected EOF'],
  ['a varint of eleven bytes', 'ffffffffffffffffffff01', 'proto: integer overflow'],
  ['a cut tag', '8a', 'unexpected EOF'],
  ['a cut length', '0a ff', 'unexpected EOF'],
  ['a cut fixed64', '11 01', 'unexpected EOF'],
  ['an unknown field past the end', '12 09 01', 'unexpected EOF'],
  ['labels as a varint', '0a 02 08 01', 'proto: wrong wireType = 0 for field StructuredMetadata'],
  ['entries as a varint', '0a 02 10 01', 'proto: wrong wireType = 0 for field Entries'],
  ['a hash as bytes', '0a 02 1a 00', 'proto: wrong wireType = 2 for field Hash'],
  ['a time as a varint', '0a 04 12 02 08 01', 'proto: wrong wireType = 0 for field Timestamp'],
  ['a line as a varint', '0a 04 12 02 10 01', 'proto: wrong wireType = 0 for field Line'],
  ['metadata as a varint', '0a 04 12 02 18 01', 'proto: wrong wireType = 0 for field StructuredMetadata'],
  ['a name as a varint', '0a 06 12 04 1a 02 08 01', 'proto: wrong wireType = 0 for field Name'],
  ['seconds as bytes', '0a 06 12 04 0a 02 0a 00', 'proto: wrong wireType = 2 for field Seconds'],
  ['a negative length', '0a ffffffffffffffffff01', 'proto: negative length found during unmarshaling'],
  ['field 0 in a stream', '0a 02 00 00', 'proto: StreamAdapter: illegal tag 0 (wire type 0)'],
  ['an end of no group in a stream', '0a 01 0c', 'proto: StreamAdapter: wiretype end group for non-group'],
  ['nanos above a second', '0a 0a 12 08 0a 06 10 80 a8 d6 b9 07', 'timestamp: &types.Timestamp{Seconds: 0,\nNanos: 2000000000,\n}: nanos not in range [0, 1e9)'],
  ['nanos below 0', '0a 0f 12 0d 0a 0b 10 ffffffffffffffffff01', 'timestamp: &types.Timestamp{Seconds: 0,\nNanos: -1,\n}: nanos not in range [0, 1e9)']
] as Array<[string, string, string]>) {
  test(`refuses ${name}`, () => {
    assert.throws(() => decode(hex(digits)), { status: 400, message: expected })
  })
}

test('refuses times that no calendar of Go knows', () => {
  assert.throws(() => decode(atSeconds(-62135596801n)), { message: 'timestamp: &types.Timestamp{Seconds: -62135596801,\nNanos: 0,\n} before 0001-01-01' })
  assert.throws(() => decode(atSeconds(253402300801n)), { message: 'timestamp: &types.Timestamp{Seconds: 253402300801,\nNanos: 0,\n} after 10000-01-01' })
})

test('whatever the bytes, it decodes them or refuses them, and reads nothing outside', () => {
  const valid = pushRequest([{ labels: '{a="b"}', entries: [{ ms: 5, line: 'line', metadata: { name: 'value' } }, { ms: 6, line: 'x' }] }])
  const damaged = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }).map((changes) => {
    const bytes = Buffer.from(valid)
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    return bytes
  })
  fc.assert(fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes))), (bytes) => {
    try {
      const columns = new PushColumns()
      decodePush(bytes, 0, bytes.length, columns)
      for (let i = 0; i < columns.entries; i++) assert.ok(columns.lineEnd[i] <= bytes.length && columns.entryEnd[i] <= bytes.length)
    } catch (error) {
      assert.ok(error instanceof Refusal, String(error))
    }
  }), { numRuns: scaled(3000) })
})
