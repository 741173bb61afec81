import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../../../../../src/embedded/loki/push/refusal.ts'
import { snappyDecode, snappyLength } from '../../../../../src/embedded/loki/push/snappy-decode.ts'
import { block } from './logproto.ts'
import { scaled } from '../../../../helpers/scaled.ts'

const snappyjs = createRequire(import.meta.url)('snappyjs') as { compress (bytes: Uint8Array): Uint8Array }

/** Decodes between two guards and checks that both stay untouched. */
function decode (bytes: Buffer): Buffer {
  const { length, start } = snappyLength(bytes)
  const memory = Buffer.alloc(length + 32, 0xa5)
  try {
    snappyDecode(bytes, start, memory, 16, length)
  } finally {
    assert.ok(
      memory.subarray(0, 16).every((byte) => byte === 0xa5) && memory.subarray(16 + length).every((byte) => byte === 0xa5),
      'wrote outside its range'
    )
  }
  return memory.subarray(16, 16 + length)
}

// Texts that repeat themselves at all distances. They need every kind of copy, also overlapping ones.
const repetitive = fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat({ max: 30 })), { maxLength: 40 })
  .map((parts) => Buffer.concat(parts.map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes)))))

test('decodes what two other implementations encode', () => {
  fc.assert(fc.property(repetitive, (bytes) => {
    assert.deepEqual(decode(block(bytes)), bytes)
    assert.deepEqual(decode(Buffer.from(snappyjs.compress(bytes))), bytes)
  }))
})

test('decodes copies that are far apart', () => {
  const far = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * i * 31 >> 3) & 0xff))
  assert.deepEqual(decode(block(Buffer.concat([far, far]))), Buffer.concat([far, far]))
})

test('decodes a literal with each length of length, and a copy with a four-byte offset', () => {
  const bytes = Buffer.alloc(70_000, 'abcdefg')
  const literal = Buffer.concat([
    Buffer.from([62 << 2, (bytes.length - 1) & 0xff, ((bytes.length - 1) >> 8) & 0xff, (bytes.length - 1) >> 16]), bytes
  ])
  const copy = Buffer.from([(6 << 2) | 3, 0x70, 0x11, 0x01, 0x00])
  const length = bytes.length + 7
  const preamble = Buffer.from([(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14])
  assert.deepEqual(decode(Buffer.concat([preamble, literal, copy])), Buffer.concat([bytes, bytes.subarray(0, 7)]))
})

test('whatever the input, it throws a refusal or fills exactly its range', () => {
  const damaged = fc.tuple(
    repetitive, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
  ).map(([bytes, changes]) => {
    const encoded = block(bytes)
    for (const [at, value] of changes) encoded[at % encoded.length] = value
    return encoded
  })
  fc.assert(fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))), (bytes) => {
    try {
      decode(bytes)
    } catch (error) {
      assert.ok(error instanceof Refusal, String(error))
    }
  }), { numRuns: scaled(2000) })
})

for (const [name, bytes, message] of [
  ['nothing', [], 'snappy: corrupt input'],
  ['a length without elements', [1], 'snappy: corrupt input'],
  ['a literal cut short', [5, 0], 'snappy: corrupt input'],
  ['a copy before any literal', [4, 0x01, 0x01], 'snappy: corrupt input'],
  ['a copy from offset 0', [5, 0x00, 0x61, 0x01, 0x00], 'snappy: corrupt input'],
  ['more than was said', [1, 4, 0x61, 0x62], 'snappy: corrupt input'],
  ['more input after the end', [1, 0, 0x61, 0, 0x62], 'snappy: corrupt input'],
  ['a length of 2^31', [0x80, 0x80, 0x80, 0x80, 0x08], 'received message larger than max (2147483648 vs 2147483647)'],
  ['a length above 32 bits', [0xff, 0xff, 0xff, 0xff, 0x1f], 'snappy: corrupt input'],
  ['a length that so few bytes cannot fill', [0xff, 0xff, 0xff, 0x0f, 0], 'snappy: corrupt input']
] as Array<[string, number[], string]>) {
  test(`refuses ${name}`, () => {
    assert.throws(() => decode(Buffer.from(bytes)), { status: 400, message })
  })
}
