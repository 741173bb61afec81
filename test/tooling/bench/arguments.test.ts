import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BENCH_USAGE, parseBenchArguments } from '../../../bench/arguments.ts'
import { QUICK_SUITES, SUITES } from '../../../bench/suites/names.ts'
import { refused } from '../../helpers/refused.ts'

test('a full run is all suites, and writes its result', () => {
  assert.deepEqual(parseBenchArguments([]), { quick: false, json: false, suites: SUITES, save: true, saveBaseline: false, gate: false })
})

test('a quick or a partial run writes nothing unless it is told to', () => {
  assert.equal(parseBenchArguments(['--quick'])?.save, false)
  assert.equal(parseBenchArguments(['--only', 'idle'])?.save, false)
  assert.equal(parseBenchArguments(['--quick', '--save'])?.save, true)
  assert.deepEqual(parseBenchArguments(['--quick', '--json', '--save-baseline']), {
    quick: true, json: true, suites: QUICK_SUITES, save: false, saveBaseline: true, gate: false
  })
})

test('a gate is put up where it is asked for', () => {
  assert.equal(parseBenchArguments(['--quick', '--gate'])?.gate, true)
})

test('a quick run leaves out the single steps, unless it is told to take them', () => {
  assert.deepEqual(SUITES.filter(suite => !QUICK_SUITES.includes(suite)), ['inputs', 'crowd', 'micro'])
  assert.deepEqual(parseBenchArguments(['--quick', '--only', 'micro'])?.suites, ['micro'])
})

test('--only takes names in any order, in lists or again, and runs them in the suites\' own order', () => {
  assert.deepEqual(parseBenchArguments(['--only', 'latency, floor', '--only=pipeline'])?.suites, ['floor', 'pipeline', 'latency'])
})

test('help is asked for', () => {
  assert.equal(parseBenchArguments(['--help']), undefined)
  for (const suite of SUITES) assert.ok(BENCH_USAGE.includes(suite))
})

test('what is wrong is said', () => {
  refused(() => parseBenchArguments(['--fast']), /^Unknown option '--fast'$/)
  refused(() => parseBenchArguments(['--quick=yes']), /--quick.* does not take an argument/)
  refused(() => parseBenchArguments(['pipeline']), /unexpected argument 'pipeline'/)
  refused(() => parseBenchArguments(['--only', 'latencies']), /no suite 'latencies': the nearest is latency/)
  refused(() => parseBenchArguments(['--only', 'everything']), /no suite 'everything': there are floor, /)
  refused(() => parseBenchArguments(['--only', ',']), /--only needs names/)
})
