import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { PbfReader } from 'pbf'
import snappy from 'snappy'
import { joinBlocks } from '../../../src/sink/join.ts'
import { encodePush } from '../../../src/worker/output/push-schema.ts'

/** The second decoder, in JavaScript. It shares nothing with the native one. */
const snappyjs = createRequire(import.meta.url)('snappyjs') as { uncompress (bytes: Uint8Array): Uint8Array }

interface Block { body: Uint8Array, rawBytes: number }

function block (content: Uint8Array): Block {
  return { body: snappy.compressSync(Buffer.from(content)), rawBytes: content.length }
}

function assertJoins (contents: Uint8Array[]): void {
  const joined = joinBlocks(contents.map(block))
  const expected = Buffer.concat(contents)
  // Buffer.equals is used, because a deep comparison of megabytes takes seconds to report.
  assert.ok((snappy.uncompressSync(Buffer.from(joined)) as Buffer).equals(expected), 'by the native decoder')
  assert.ok(Buffer.from(snappyjs.uncompress(joined)).equals(expected), 'by snappyjs')
}

function filled (length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + seed) % 251
  return bytes
}

test('a block by itself stays as it is', () => {
  const one = block(Buffer.from('one'))
  assert.equal(joinBlocks([one]), one.body)
})

test('lengths at the steps of the varint, in the parts and in the sum', () => {
  const steps = [0, 1, 127, 128, 129, 16_383, 16_384, 2 ** 21 - 1, 2 ** 21]
  for (const length of steps) {
    assertJoins([filled(length, 1), filled(0, 2)])
    assertJoins([filled(0, 1), filled(length, 2)])
    if (length > 0) assertJoins([filled(length - 1, 3), filled(1, 4)])
    assertJoins([filled(length, 5), filled(length, 6)])
  }
})

test('nothing but empty blocks', () => {
  assertJoins([new Uint8Array(0), new Uint8Array(0), new Uint8Array(0)])
})

test('copies that reach far back stay within their own block', () => {
  const block64k = randomBytes(60_000)
  assertJoins([Buffer.concat([block64k, block64k]), Buffer.concat([block64k, block64k]), Buffer.from('end')])
})

test('parts of which one fits a fragment of the compressor and one does not (65,536)', () => {
  assertJoins([filled(65_535, 1), filled(65_536, 2), filled(65_537, 3)])
})

test('uncompress(join(blocks)) is the contents one behind the other (against two decoders)', () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.record({ length: fc.constantFrom(0, 127, 128, 16_383, 16_384, 70_000), seed: fc.nat() })
      .map(({ length, seed }) => filled(length, seed)),
    fc.record({ piece: fc.uint8Array({ minLength: 1, maxLength: 20 }), times: fc.nat({ max: 500 }) })
      .map(({ piece, times }) => Buffer.concat(new Array(times).fill(piece)))
  )
  fc.assert(fc.property(fc.array(content, { minLength: 1, maxLength: 8 }), assertJoins))
})

test('joined PushRequests are one PushRequest with all the streams', () => {
  const requests = [['one', 'two'], ['three'], []].map((lines, i) => encodePush({
    streams: lines.map(line => ({
      labels: `{source="${line}"}`,
      entries: [{ timestamp: { seconds: 1_795_335_208 + i, nanos: 5 }, line, structuredMetadata: [{ name: 'level', value: 'info' }] }]
    }))
  }))
  const joined = joinBlocks(requests.map(block))
  assert.deepEqual(streams(snappy.uncompressSync(Buffer.from(joined)) as Buffer), [
    { labels: '{source="one"}', lines: ['one'] },
    { labels: '{source="two"}', lines: ['two'] },
    { labels: '{source="three"}', lines: ['three'] }
  ])
})

/** Reads labels and lines with another protobuf library than the writer's. */
function streams (bytes: Uint8Array): Array<{ labels: string, lines: string[] }> {
  return new PbfReader(bytes).readFields((tag, found, reader) => {
    assert.equal(tag, 1)
    const stream = { labels: '', lines: [] as string[] }
    reader.readMessage((tag, stream, reader) => {
      if (tag === 1) stream.labels = reader.readString()
      if (tag === 2) reader.readMessage((tag, lines, reader) => { if (tag === 2) lines.push(reader.readString()) }, stream.lines)
    }, stream)
    found.push(stream)
  }, [] as Array<{ labels: string, lines: string[] }>)
}
