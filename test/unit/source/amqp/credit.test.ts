import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { creditFor, FRAME_BYTES, leastGrant, shouldGrant } from '../../../../src/source/amqp/credit.ts'

test('as many whole frames as there is room for, and no more than is of use', () => {
  assert.equal(creditFor(-1), 0)
  assert.equal(creditFor(0), 0)
  assert.equal(creditFor(FRAME_BYTES - 1), 0)
  assert.equal(creditFor(FRAME_BYTES), 1)
  assert.equal(creditFor(64 * 2 ** 20), 1024)
  assert.equal(creditFor(2 ** 40), 4096)
})

test('grants when half is used up, and never takes back', () => {
  assert.equal(shouldGrant(0, 0, 1), false)
  assert.equal(shouldGrant(0, 1, 1), true)
  assert.equal(shouldGrant(1, 1, 1), false)
  assert.equal(shouldGrant(50, 100, 1), true)
  assert.equal(shouldGrant(51, 100, 1), false)
  assert.equal(shouldGrant(100, 10, 1), false)
})

test('waits until it is worth a frame, but not while nothing else could make it so', () => {
  assert.equal(leastGrant(64 * 1024 * 1024, false), 64)
  assert.equal(leastGrant(64 * 1024 * 1024, true), 1)
  assert.equal(leastGrant(FRAME_BYTES, false), 1)
  assert.equal(shouldGrant(0, 63, 64), false)
  assert.equal(shouldGrant(0, 64, 64), true)
  assert.equal(shouldGrant(10, 64, 64), false)
})

test('what is here and what may still come stay within the limit, whatever comes and goes, and it never ends without credit', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ arrive: fc.integer({ min: 1, max: FRAME_BYTES }) }) },
    { weight: 2, arbitrary: fc.record({ settle: fc.nat() }) }
  )
  fc.assert(fc.property(fc.integer({ min: FRAME_BYTES, max: 40 * FRAME_BYTES }), fc.array(step, { maxLength: 300 }), (limit, steps) => {
    const held: number[] = []
    let used = 0
    let window = 0
    const grant = (): void => {
      const possible = creditFor(limit - used)
      if (shouldGrant(window, possible, leastGrant(limit, false))) window = possible
      assert.ok(window * FRAME_BYTES + used <= limit)
    }
    grant()
    for (const one of steps) {
      if ('arrive' in one && window > 0) {
        window--
        used += one.arrive
        held.push(one.arrive)
      } else if ('settle' in one && held.length > 0) used -= held.splice(one.settle % held.length, 1)[0]
      grant()
    }
    used = 0
    grant()
    assert.ok(window > 0)
  }))
})
