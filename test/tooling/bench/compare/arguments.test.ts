import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMPARE_USAGE, parseCompareArguments } from '../../../../bench/compare/arguments.ts'
import { refused } from '../../../helpers/refused.ts'

test('two files at most, and a bound', () => {
  assert.deepEqual(parseCompareArguments([]), { before: undefined, after: undefined, failOver: undefined })
  assert.deepEqual(parseCompareArguments(['a.json', 'b.json', '--fail-over', '7.5']), { before: 'a.json', after: 'b.json', failOver: 7.5 })
})

test('help is asked for', () => {
  assert.equal(parseCompareArguments(['-h']), undefined)
  assert.match(COMPARE_USAGE, /--fail-over/)
})

test('what is wrong is said', () => {
  refused(() => parseCompareArguments(['a', 'b', 'c']), /unexpected argument 'c'/)
  refused(() => parseCompareArguments(['--fail-over', 'ten']), /must be a number of percent, not 'ten'/)
})
