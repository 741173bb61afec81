import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unsettled } from '../../../src/pipeline/unsettled.ts'

test('the age is that of the oldest batch that is left, of each address by itself', () => {
  const clock = { now: 10_000 }
  const unsettled = new Unsettled(['a', 'b'], () => clock.now)
  const ages = (): Record<string, number> => Object.fromEntries(unsettled.ages())
  assert.deepEqual(ages(), { a: 0, b: 0 })
  const [first, second] = [{ at: 10_000 }, { at: 12_000 }]
  unsettled.opened('a', first)
  unsettled.opened('a', second)
  clock.now = 15_000
  assert.deepEqual(ages(), { a: 5, b: 0 })
  unsettled.closed('a', first)
  assert.deepEqual(ages(), { a: 3, b: 0 })
  unsettled.closed('a', second)
  assert.deepEqual(ages(), { a: 0, b: 0 })
})
