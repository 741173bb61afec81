import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ArrivalClock } from '../../../src/batch/arrival-clock.ts'

const NOW = 1_795_335_208_123
const HOUR_MS = 3_600_000

/** Nanoseconds since the epoch. */
function nanoseconds ({ seconds, nanos }: { seconds: number, nanos: number }): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
}

test('begins within the millisecond, where the monotonic clock happens to be', () => {
  const clock = new ArrivalClock(() => NOW, () => 456_789)
  assert.deepEqual(clock.reserve(1), { seconds: 1_795_335_208, nanos: 123_456_789 })
})

test('runs ahead of a clock that stands still', () => {
  const clock = new ArrivalClock(() => NOW, () => 0)
  assert.deepEqual(clock.reserve(5), { seconds: 1_795_335_208, nanos: 123_000_000 })
  assert.deepEqual(clock.reserve(2_000_000), { seconds: 1_795_335_208, nanos: 123_000_005 })
  assert.deepEqual(clock.reserve(1), { seconds: 1_795_335_208, nanos: 125_000_005 })
})

test('carries over into the next second', () => {
  const clock = new ArrivalClock(() => NOW - 123 + 999, () => 999_990)
  assert.deepEqual(clock.reserve(30), { seconds: 1_795_335_208, nanos: 999_999_990 })
  assert.deepEqual(clock.reserve(1), { seconds: 1_795_335_209, nanos: 20 })
})

test('follows a clock that was set back by an hour, and one that was set forward', () => {
  let now = NOW
  const clock = new ArrivalClock(() => now, () => 7)
  clock.reserve(100)
  now -= HOUR_MS
  assert.equal(nanoseconds(clock.reserve(1)), BigInt(now) * 1_000_000n + 7n)
  now += 24 * HOUR_MS
  assert.equal(nanoseconds(clock.reserve(1)), BigInt(now) * 1_000_000n + 7n)
})

test('gives nothing twice when it ran only a few nanoseconds into the next millisecond', () => {
  let now = NOW
  const fractions = [999_990, 3]
  const clock = new ArrivalClock(() => now, () => fractions.shift() ?? 0)
  const first = nanoseconds(clock.reserve(60))
  now++
  const second = nanoseconds(clock.reserve(1))
  assert.ok(second >= first + 60n, `${second - first} of 60`)
})

test('never gives a nanosecond twice, while the clock stands still, steps forth, or back by less than a second in all', () => {
  const take = fc.record({
    stepMs: fc.oneof(fc.constantFrom(0, 0, 1), fc.nat({ max: 5 }), fc.constant(HOUR_MS)),
    backMs: fc.oneof(fc.constant(0), fc.nat({ max: 300 })),
    fraction: fc.nat({ max: 999_999 }),
    count: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 900_000, max: 1_100_000 }))
  })
  fc.assert(fc.property(fc.integer({ min: 1_000_000_000_000, max: 4_000_000_000_000 }), fc.array(take, { maxLength: 80 }),
    (start, takes) => {
      let now = start
      let fraction = 0
      let end = 0n
      let furthest = start
      const clock = new ArrivalClock(() => now, () => fraction)
      for (const one of takes) {
        fraction = one.fraction
        now = Math.max(now + one.stepMs - one.backMs, furthest - 300)
        furthest = Math.max(furthest, now)
        const given = clock.reserve(one.count)
        assert.ok(given.nanos >= 0 && given.nanos < 1_000_000_000)
        assert.ok(nanoseconds(given) >= end, `${end - nanoseconds(given)} ns were given before`)
        assert.ok(nanoseconds(given) >= BigInt(now) * 1_000_000n)
        end = nanoseconds(given) + BigInt(one.count)
      }
    }))
})
