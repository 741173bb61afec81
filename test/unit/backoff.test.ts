import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { backoffMs } from '../../src/backoff.ts'

test('doubles from the base to the most, half of it left to chance', () => {
  const least = [0, 1, 2, 3, 4, 5, 6].map(attempt => backoffMs(attempt, 100, 2_000, () => 0))
  assert.deepEqual(least, [50, 100, 200, 400, 800, 1_000, 1_000])
  const most = [0, 1, 2, 3, 4, 5, 6].map(attempt => backoffMs(attempt, 100, 2_000, () => 1))
  assert.deepEqual(most, [100, 200, 400, 800, 1_600, 2_000, 2_000])
})

test('stays between half the full pause and the whole of it, however often it failed', () => {
  fc.assert(fc.property(fc.nat(), fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1_000, max: 60_000 }),
    fc.double({ min: 0, max: 1, noNaN: true }), (attempt, base, max, chance) => {
      const full = Math.min(max, base * 2 ** Math.min(attempt, 40))
      const delay = backoffMs(attempt, base, max, () => chance)
      assert.ok(delay >= full / 2 && delay <= full, `${delay} of ${full}`)
    }))
})
