import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createPool, NUMBER_BYTES, TIMESTAMP_BYTES } from '../../../../../bench/harness/load/message-pool.ts'
import { cutPoints, DELIVERY_ID_AT, DELIVERY_TAG_AT, framePool } from '../../../../../bench/harness/load/transfer-frames.ts'
import { readFrames } from '../../../../helpers/amqp-frames.ts'

const TRANSFER = 0x14
const pool = createPool({ recordsPerMessage: 5, hosts: 2 })
const some = { ...pool, messages: pool.messages.slice(0, 20) }

test('the frames of a message carry its bytes, are no larger than agreed on, and cut none of the digits', () => {
  fc.assert(fc.property(fc.integer({ min: 100, max: 6000 }), fc.nat({ max: 1000 }), fc.nat({ max: 255 }),
    (maxFrameSize, channel, handle) => {
      const framed = framePool(some, { channel, handle, maxFrameSize })
      for (const [m, message] of some.messages.entries()) {
        const [first, last] = [framed.firstFrame[m], framed.firstFrame[m + 1]]
        const frames = readFrames(framed.bytes.subarray(framed.frameStart[first], framed.frameStart[last]))
        assert.equal(frames.length, last - first)
        for (const [i, frame] of frames.entries()) {
          assert.ok(frame.bytes.length <= maxFrameSize)
          assert.equal(frame.bytes.length, framed.frameStart[first + i + 1] - framed.frameStart[first + i])
          assert.equal(frame.channel, channel)
          assert.equal(frame.code, TRANSFER)
          const [ofHandle, id, tag, format, settled, more] = frame.fields
          assert.deepEqual([ofHandle, id, tag, format, settled, more], [handle, 0, Buffer.alloc(4), 0, false, i + 1 < frames.length])
        }
        assert.deepEqual(Buffer.concat(frames.map(({ payload }) => payload)), message.bytes)
        for (let i = 0; i < 5; i++) {
          const [time, number] = [framed.times[m * 5 + i], framed.numbers[m * 5 + i]]
          assert.equal(
            framed.bytes.toString('latin1', time, time + TIMESTAMP_BYTES),
            message.bytes.toString('latin1', message.times[i], message.times[i] + TIMESTAMP_BYTES)
          )
          assert.equal(
            framed.bytes.toString('latin1', number, number + NUMBER_BYTES),
            message.bytes.toString('latin1', message.numbers[i], message.numbers[i] + NUMBER_BYTES)
          )
        }
      }
    }), { numRuns: 40 })
})

test('id and tag stand where they are written to', () => {
  const { bytes, frameStart } = framePool(some, { channel: 0, handle: 0, maxFrameSize: 65_280 })
  const copy = Buffer.from(bytes.subarray(0, frameStart[1]))
  copy.writeUInt32BE(123_456_789, DELIVERY_ID_AT)
  copy.writeUInt32BE(987_654_321, DELIVERY_TAG_AT)
  const [{ fields: [, id, tag] }] = readFrames(copy)
  assert.equal(id, 123_456_789)
  assert.equal((tag as Buffer).readUInt32BE(), 987_654_321)
})

test('frames go as far as they may', () => {
  assert.deepEqual(cutPoints(100, 40, Int32Array.of(200), Int32Array.of(300)), [0, 40, 80, 100])
  assert.deepEqual(cutPoints(100, 40, Int32Array.of(30), Int32Array.of(69)), [0, 30, 69, 100])
})

test('frames that could not hold a time are refused', () => {
  assert.throws(() => framePool(some, { channel: 0, handle: 0, maxFrameSize: 50 }), RangeError)
})
