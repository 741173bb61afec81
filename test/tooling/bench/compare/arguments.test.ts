import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMPARE_USAGE, parseCompareArguments } from '../../../../bench/compare/arguments.ts'
import { refused } from '../../../helpers/refused.ts'

test('two results at most, and a bound', () => {
  assert.deepEqual(parseCompareArguments([]), { kind: 'results', before: undefined, after: undefined, failOver: undefined })
  assert.deepEqual(parseCompareArguments(['a.json', 'b.json', '--fail-over', '7.5']), {
    kind: 'results', before: 'a.json', after: 'b.json', failOver: 7.5
  })
})

test('a revision to compare the program with', () => {
  assert.deepEqual(parseCompareArguments(['--against', 'v0.1.0']), {
    kind: 'programs', against: 'v0.1.0', pairs: 7, json: false, failOver: undefined
  })
  assert.deepEqual(parseCompareArguments(['--against=HEAD~1', '--pairs', '12', '--json', '--fail-over', '3']), {
    kind: 'programs', against: 'HEAD~1', pairs: 12, json: true, failOver: 3
  })
})

test('help is asked for, and names every option', () => {
  assert.equal(parseCompareArguments(['-h']), undefined)
  assert.equal(parseCompareArguments(['--against', 'main', '--help']), undefined)
  for (const option of ['--against', '--pairs', '--json', '--fail-over', '--help']) assert.ok(COMPARE_USAGE.includes(option), option)
})

test('what is wrong is said', () => {
  refused(() => parseCompareArguments(['a', 'b', 'c']), /unexpected argument 'c'/)
  refused(() => parseCompareArguments(['--fail-over', 'ten']), /--fail-over must be a number of percent, not 'ten'/)
  refused(() => parseCompareArguments(['--against']), /--against/)
  refused(() => parseCompareArguments(['--against', '']), /--against needs a revision/)
  refused(() => parseCompareArguments(['--against', 'main', 'a.json']), /unexpected argument 'a.json': with --against no results are read/)
  refused(() => parseCompareArguments(['--against', 'main', '--pairs', '0']), /--pairs must be a whole number from 1 to 100, not '0'/)
  refused(() => parseCompareArguments(['--pairs', '3']), /--pairs needs --against/)
  refused(() => parseCompareArguments(['a.json', '--json']), /--json needs --against/)
})
