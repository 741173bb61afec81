import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { varintSize, writeVarint } from '../../../../src/worker/output/varint.ts'
import { scaled } from '../../../helpers/scaled.ts'

const edges = [1, 2, 3, 4].flatMap(bytes => [2 ** (7 * bytes) - 1, 2 ** (7 * bytes)])

test('any length: the bytes of a varint, and as many as are said', () => {
  const bytes = Buffer.alloc(16)
  fc.assert(fc.property(fc.oneof(
    fc.nat({ max: 2 ** 32 - 1 }), fc.nat({ max: 2 ** 14 }), fc.constantFrom(...edges, 0, 2 ** 31, 2 ** 32 - 1)
  ), value => {
    const end = writeVarint(bytes, 3, value)
    let read = 0n
    for (let i = end - 1; i >= 3; i--) read = (read << 7n) | BigInt(bytes[i] & 0x7f)
    assert.equal(read, BigInt(value))
    assert.ok(bytes.subarray(3, end).every((byte, i) => (byte >= 0x80) === (i < end - 4)))
    assert.equal(varintSize(value), end - 3)
  }), { numRuns: scaled(3000) })
})
