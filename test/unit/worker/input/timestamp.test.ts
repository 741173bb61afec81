import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Timestamp } from '../../../../src/worker/input/timestamp.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { nanoseconds } from '../../../helpers/worker-fixtures.ts'

test('a time that is advanced is later by as many nanoseconds, over the end of any second', () => {
  const nanos = fc.oneof(fc.nat({ max: 999_999_999 }), fc.constantFrom(0, 1, 999_999_998, 999_999_999))
  const step = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 3_000_000_000 }), fc.constantFrom(1_000_000_000, 2_000_000_001))
  fc.assert(fc.property(fc.nat(), nanos, step, (seconds, nanos, step) => {
    const time = new Timestamp()
    time.set(seconds, nanos)
    const before = nanoseconds(time)
    time.advance(step)
    assert.equal(nanoseconds(time), before + BigInt(step))
    assert.ok(Number.isInteger(time.nanos) && time.nanos >= 0 && time.nanos < 1e9)
  }), { numRuns: scaled(1000) })
})

test('in milliseconds, the fraction kept', () => {
  const time = new Timestamp()
  assert.equal(time.milliseconds, 0)
  time.set(1_795_335_208, 250_500_000)
  assert.equal(time.milliseconds, 1_795_335_208_250.5)
  time.set(-1, 999_999_999)
  assert.ok(time.milliseconds < 0)
})
