import assert from 'node:assert/strict'
import { test } from 'node:test'
import { givenLabels } from '../../../src/config/given-labels.ts'

test('labels of every stream, with spaces around, and all that a value may have', () => {
  assert.deepEqual(givenLabels.parse(' cluster=x, log_type = infrastructure ,a=b="c"; ü'), [
    { name: 'cluster', value: 'x' }, { name: 'log_type', value: 'infrastructure' }, { name: 'a', value: 'b="c"; ü' }
  ])
})

test('what is refused, with the reason', () => {
  const cases: Array<[string, RegExp]> = [
    ['', /empty/], ['a=1,', /number 2 is empty/], ['a', /must have name=value between commas \("a"\)/], ['=x', /label names that match/],
    ['1x=y', /label names that match/], ['__x=y', /start with __/], ['x=', /a value behind = \("x="\)/],
    ['x=1,y=2,x=3', /each name once \("x" is there twice\)/], ['x=\u0007', /without control characters/],
    [`x=${'é'.repeat(1025)}`, /at most 2048 bytes \("x" has 2050\)/]
  ]
  for (const [text, reason] of cases) {
    const result = givenLabels.safeParse(text)
    assert.match(result.success ? 'accepted' : result.error.issues[0]?.message ?? '', reason, text)
  }
})
