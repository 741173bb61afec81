import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Case, measurePairs, type PairedResult, pairedFigures, type Readings, type Sides, worsePercent
} from '../../../../bench/compare/pairs.ts'
import { pairedFailures, pairedText } from '../../../../bench/compare/pairs-text.ts'

const MACHINE = { cpu: 'Some CPU', cores: 2, memoryMb: 7963, os: 'Linux 6.1.0', node: 'v20.20.0', lokean: '0.1.0 abcdef1' }

/** A pair where the program after costs so many times as much as the one before. */
function pair (cost: number, times: number): Sides<Readings> {
  return {
    before: { usPerRecord: cost, recordsPerSecond: 1e6 / cost }, after: { usPerRecord: cost * times, recordsPerSecond: 1e6 / cost / times }
  }
}

function result (...pairs: Array<Sides<Readings>>): PairedResult {
  return {
    at: '2026-11-22T12:00:00.000Z',
    machine: MACHINE,
    against: '1234567',
    pairs: pairs.length,
    cases: [{ case: 'full load, 1 a message', figures: pairedFigures(pairs) }]
  }
}

test('a ratio is taken within each pair, so a machine that grows slower changes none', () => {
  const [cpu, rate] = pairedFigures([pair(2, 1.25), pair(4, 1.25), pair(8, 1.25)])
  assert.deepEqual(cpu, { figure: 'usPerRecord', before: [2, 4, 8], after: [2.5, 5, 10], ratio: { median: 1.25, min: 1.25, max: 1.25 } })
  assert.deepEqual(rate.ratio, { median: 0.8, min: 0.8, max: 0.8 })
})

test('one pair that was disturbed moves the spread, not the median', () => {
  const [cpu] = pairedFigures([pair(2, 1), pair(2, 3), pair(2, 1.5), pair(2, 0.5), pair(2, 1)])
  assert.deepEqual(cpu.ratio, { median: 1, min: 0.5, max: 3 })
})

test('a figure that a pair does not have is left out', () => {
  const known = { before: { usPerRecord: 2, mainUsPerRecord: 1 }, after: { usPerRecord: 2, mainUsPerRecord: 1 } }
  const unknown = { before: { usPerRecord: 2, mainUsPerRecord: NaN }, after: { usPerRecord: 2, mainUsPerRecord: NaN } }
  assert.deepEqual(pairedFigures([known, known]).map(({ figure }) => figure), ['usPerRecord', 'mainUsPerRecord'])
  assert.deepEqual(pairedFigures([known, unknown]).map(({ figure }) => figure), ['usPerRecord'])
})

test('more CPU is worse, and so is a lower rate', () => {
  const percents = (times: number): string[] => pairedFigures([pair(2, times)]).map(one => worsePercent(one).toFixed(0))
  assert.deepEqual(percents(1.25), ['25', '20'])
  assert.deepEqual(percents(0.8), ['-20', '-25'])
})

test('a median beyond the bound fails it, whatever a single pair shows', () => {
  assert.deepEqual(pairedFailures(result(pair(2, 1.02), pair(2, 1.02), pair(2, 9)), 3), [])
  assert.deepEqual(pairedFailures(result(pair(2, 1.25), pair(2, 1.25), pair(2, 1)), 3), [
    'full load, 1 a message: CPU, by 25.0 %', 'full load, 1 a message: rate, by 20.0 %'
  ])
  assert.deepEqual(pairedFailures(result(pair(2, 0.5)), 3), [])
})

test('the text has both programs, the medians, and how far the pairs lie apart', () => {
  const text = pairedText(result(pair(2, 1), pair(4, 1.5), pair(8, 1.25)))
  assert.match(text, /^before: 1234567$/m)
  assert.match(text, /^after: {2}0\.1\.0 abcdef1, /m)
  assert.match(text, /^full load, 1 a message {2}CPU, µs a record +4 +6 {2}1\.250 {2}1\.000 to 1\.500$/m)
  assert.match(text, /^ +rate, records\/s +250,000 +167,000 {2}0\.800 {2}0\.667 to 1\.000$/m)
})

test('every pair has all cases, each with both programs, and who is started first changes', async () => {
  const calls: string[] = []
  const shown: string[] = []
  const one = (name: string, times: number): Case => ({
    name,
    measure: async (programs, order) => {
      calls.push(`${name}: ${order.map(side => programs[side]).join(', ')}`)
      return pair(1, times)
    }
  })
  const cases = await measurePairs({
    cases: [one('small', 2), one('large', 3)], programs: { before: 'old.js', after: 'new.js' }, pairs: 2, progress: text => shown.push(text)
  })
  assert.deepEqual(calls, ['small: new.js, old.js', 'large: new.js, old.js', 'small: old.js, new.js', 'large: old.js, new.js'])
  assert.deepEqual(cases.map(({ case: name, figures }) => [name, figures[0].before.length, figures[0].ratio.median]), [
    ['small', 2, 2], ['large', 2, 3]
  ])
  assert.equal(shown[3], 'pair 2 of 2: large')
})
