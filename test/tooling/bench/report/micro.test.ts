import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exact } from '../../../../bench/micro/measure.ts'
import { compareResults } from '../../../../bench/compare/comparison.ts'
import { microLines, microTable } from '../../../../bench/report/micro.ts'
import { resultPage } from '../../../../bench/report/page.ts'
import { summary } from '../../../../bench/report/summary.ts'
import type { BenchResult, MicroResult } from '../../../../bench/outcome/results.ts'
import { around, sampleResult } from '../sample-result.ts'

function timed (chosen: number, other: number): MicroResult {
  return {
    question: 'entries to bytes',
    unit: 'µs a record',
    alternatives: [
      { name: 'by hand', chosen: true, value: chosen, spread: around(chosen), timesChosen: around(1, 0) },
      { name: 'a|library', chosen: false, value: other, spread: around(other), timesChosen: around(other / chosen) }
    ]
  }
}

const FRAMES = exact('frames', 'frames', [{ name: 'ranges', chosen: true, value: 18 }, { name: 'each', value: 4096 }])
const result = (): BenchResult => ({ ...sampleResult(), micro: [timed(0.25, 2.5), FRAMES] })

test('the page has a row for each way, the chosen one in bold', () => {
  assert.deepEqual(microTable(result().micro).trim().split('\n').slice(2), [
    '| entries to bytes, µs a record | **by hand** | 0.25 (0.23 to 0.27) |  |',
    '|  | a\\|library | 2.5 (2.3 to 2.7) | 10 |',
    '| frames, frames | **ranges** | 18 |  |',
    '|  | each | 4,096 | 228 |'
  ])
  assert.ok(resultPage(result()).includes('## Single steps\n\n') && resultPage(result()).includes(microTable(result().micro)))
  assert.doesNotMatch(resultPage(sampleResult()), /Single steps/)
  assert.equal(microTable([]), '')
})

test('the terminal shows the same', () => {
  assert.deepEqual(microLines(result().micro), [
    'micro     entries to bytes, µs a record',
    '          * by hand    0.25 (0.23 to 0.27)',
    '            a|library  2.5 (2.3 to 2.7), 10 times',
    'micro     frames, frames',
    '          * ranges     18',
    '            each       4,096, 228 times'
  ])
  assert.ok(summary(result()).includes(microLines(result().micro).join('\n')))
  assert.deepEqual(microLines(), [])
})

test('a change is told by the chosen ways, and by them alone', () => {
  const after = { ...sampleResult(), micro: [timed(0.5, 1), FRAMES] }
  const rows = compareResults(result(), after).rows.filter(({ name }) => name.startsWith('micro'))
  assert.deepEqual(rows.map(({ name, before, after, mark }) => ({ name, before, after, mark })), [
    { name: 'micro: entries to bytes', before: 0.25, after: 0.5, mark: 'worse' },
    { name: 'micro: frames', before: 18, after: 18, mark: '' }
  ])
})
