import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodePush, encodePush } from '../../../../src/worker/output/push-schema.ts'
import { readPush } from '../../../helpers/push-reader.ts'
import { scaled } from '../../../helpers/scaled.ts'

const text = fc.string({ unit: 'grapheme' })
const plain = { noNullPrototype: true }
const entry = fc.record({
  timestamp: fc.record({
    seconds: fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 33, 253_402_300_799)), nanos: fc.nat({ max: 999_999_999 })
  }, plain),
  line: text,
  structuredMetadata: fc.array(fc.record({ name: text, value: text }, plain), { maxLength: 3 })
}, plain)
const request = fc.record(
  { streams: fc.array(fc.record({ labels: text, entries: fc.array(entry, { maxLength: 4 }) }, plain), { maxLength: 4 }) }, plain
)

test('any request is read back, here and by a second library', () => {
  fc.assert(fc.property(request, request => {
    const bytes = encodePush(request)
    assert.deepEqual(decodePush(bytes), request)
    assert.deepEqual(readPush(bytes), request)
  }), { numRuns: scaled(500) })
})

test('the fields have the numbers of Loki\'s push.proto', () => {
  const bytes = encodePush({
    streams: [{
      labels: 'L', entries: [{ timestamp: { seconds: 1, nanos: 2 }, line: 'l', structuredMetadata: [{ name: 'n', value: 'v' }] }]
    }]
  })
  assert.equal(Buffer.from(bytes).toString('hex'), '0a16' + '0a014c' + '1211' + '0a0408011002' + '12016c' + '1a06' + '0a016e' + '120176')
})

test('what is no request is refused', () => {
  for (const hex of ['0a', '0a05', '0aff', '0a02' + '12ff', 'ffffffffffffffffffffff']) {
    assert.throws(() => decodePush(Buffer.from(hex, 'hex')), hex)
  }
})
