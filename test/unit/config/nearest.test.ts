import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { editDistance, nearest } from '../../../src/config/nearest.ts'

test('edit distances known by hand', () => {
  for (const [a, b, distance] of [
    ['', '', 0], ['', 'abc', 3], ['kitten', 'sitting', 3], ['flaw', 'lawn', 2], ['same', 'same', 0]
  ] as const) {
    assert.equal(editDistance(a, b), distance)
  }
})

test('the edit distance is a metric', () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') })
  fc.assert(fc.property(word, word, word, (a, b, c) => {
    assert.equal(editDistance(a, b), editDistance(b, a))
    assert.equal(editDistance(a, b) === 0, a === b)
    assert.ok(editDistance(a, c) <= editDistance(a, b) + editDistance(b, c))
    assert.ok(editDistance(a, b) <= Math.max(a.length, b.length))
  }))
})

test('the nearest candidate, and none when all are far', () => {
  assert.equal(nearest('shrads', ['shards', 'workers']), 'shards')
  assert.equal(nearest('jsn', ['json', 'keep']), 'json')
  assert.equal(nearest('colour', ['json', 'keep']), undefined)
  assert.equal(nearest('x'.repeat(1e6), ['json']), undefined)
})
