import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tallies } from '../../../src/ops/tallies.ts'

test('each value has its own count, whatever the order, and is told once', () => {
  const tallies = new Tallies(['a', 'b'])
  const taken = (): Record<string, number> => {
    const all: Record<string, number> = {}
    tallies.take((value, count) => { all[value] = count })
    return all
  }
  assert.deepEqual(taken(), { a: 0, b: 0 })
  for (const [value, count] of [['a', 1], ['a', 2], ['b', 4], ['c', 8], ['a', 16], ['c', 32]] as const) tallies.add(value, count)
  assert.deepEqual(taken(), { a: 19, b: 4, c: 40 })
  tallies.add('c', 1)
  assert.deepEqual(taken(), { a: 0, b: 0, c: 1 })
})
