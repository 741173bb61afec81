import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { LokeanError } from '../../../../src/errors.ts'
import { checkFrame } from '../../../../src/source/amqp/frame-check.ts'
import { readFrames } from '../../../helpers/amqp-frames.ts'
import { amqpValue, encodeValue } from '../../../helpers/amqp-values.ts'
import { described, emptyElements, frame, list, nested, NULL } from '../../../helpers/hostile-frames.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { layout, said, transferFrame } from './transfer-frame.ts'

function refused (bytes: Uint8Array): string | undefined {
  try {
    checkFrame(bytes)
    return undefined
  } catch (error) {
    assert.ok(error instanceof LokeanError && error.code === 'LOKEAN_BUS' && error.retryable, String(error))
    return error.message
  }
}

test('every frame that a router and a receiver sent to each other passes', () => {
  for (const file of ['wire-router-receiver-c2s.bin', 'wire-router-receiver-s2c.bin']) {
    const frames = readFrames(readFileSync(join('test', 'fixtures', 'omamqp1', file)))
    assert.ok(frames.length > 5)
    for (const { bytes } of frames) checkFrame(bytes)
  }
})

test('so does a transfer in every layout, and any value in any encoding', () => {
  fc.assert(fc.property(said(), layout(), (said, layout) => checkFrame(transferFrame(said, layout))))
  fc.assert(fc.property(amqpValue(), value => checkFrame(frame(described(0x10, list([encodeValue(value)]))))))
})

test('a value cut anywhere is refused', () => {
  fc.assert(fc.property(amqpValue(), fc.nat(), (value, cut) => {
    const body = described(0x10, list([encodeValue(value)]))
    assert.match(String(refused(frame(body.subarray(0, 1 + cut % (body.length - 1))))), /malformed frame/)
  }))
})

test('bytes of any kind pass or are refused, nothing else', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 8, maxLength: 100 }), bytes => { refused(bytes) }), { numRuns: scaled(5_000) })
})

const CLAIMS: Array<[what: string, value: Buffer, reason: RegExp]> = [
  ['an array of four billion nulls', emptyElements(0xffffffff), /4294967295 elements in \d+ bytes|elements/],
  ['two arrays that together claim more than there is', list([emptyElements(40), emptyElements(40)]), /elements in \d+ bytes/],
  ['a list that claims a million', list([NULL], { count: 1_000_000 }), /elements in \d+ bytes/],
  ['a list that says it has fewer than there are', list([NULL, NULL], { count: 1 }), /size and elements disagree/],
  ['lists 32 deep', nested(32), /values more than 32 deep/],
  ['an unknown type', Buffer.of(0x30), /type 0x30/]
]
for (const [what, value, reason] of CLAIMS) {
  test(`${what}: refused`, () => assert.match(String(refused(frame(described(0x10, list([value]))))), reason))
}

test('an empty frame is a heartbeat; a data offset inside the header or beyond the frame is none', () => {
  checkFrame(frame(Buffer.alloc(0)))
  assert.match(String(refused(frame(Buffer.alloc(4), { doff: 1 }))), /data offset of 4 bytes in a frame of 12/)
  assert.match(String(refused(frame(Buffer.alloc(4), { doff: 4 }))), /data offset of 16 bytes in a frame of 12/)
})
