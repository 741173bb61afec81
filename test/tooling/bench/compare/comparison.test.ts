import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { compareResults, comparisonText, failures } from '../../../../bench/compare/comparison.ts'
import { writeResult } from '../../../../bench/outcome/result-files.ts'
import type { BenchResult } from '../../../../bench/outcome/results.ts'
import { around, sampleResult } from '../sample-result.ts'

const RATIO = 'pipeline, 100 records, 1 worker, 4 shards: ratio to the floor'

/** The sample result with another ratio in the usual case. */
function withRatio (ratio: number, by = 0.03): BenchResult {
  const result = sampleResult()
  const usual = result.pipeline?.find(one => one.recordsPerMessage === 100 && one.workers === 1 && one.shards === 4)
  assert.ok(usual)
  usual.ratio = ratio
  usual.spread.ratio = around(ratio, by)
  return result
}

test('nothing has changed between a result and itself', () => {
  const { rows, unmatched, cautions } = compareResults(sampleResult(), sampleResult())
  assert.ok(rows.length > 60)
  assert.ok(rows.every(({ changePercent, mark }) => changePercent === 0 && mark === ''))
  assert.deepEqual([unmatched, cautions], [0, []])
})

test('a change is marked where the spreads do not overlap, and only there', () => {
  const of = (
    before: BenchResult, after: BenchResult
  ): string | undefined => compareResults(before, after).rows.find(({ name }) => name === RATIO)?.mark
  assert.equal(of(withRatio(1), withRatio(1.2)), 'worse')
  assert.equal(of(withRatio(1.2), withRatio(1)), 'better')
  assert.equal(of(withRatio(1), withRatio(1.05)), '')
  assert.equal(of(withRatio(1, 0.2), withRatio(1.2)), '')
})

test('more is better for rates, and for 200 senders against one', () => {
  const after = sampleResult()
  for (const one of after.hosts ?? []) {
    if (one.senders !== 200) continue
    one.recordsPerSecond *= 2
    one.spread.recordsPerSecond = around(one.recordsPerSecond)
  }
  const marked = compareResults(sampleResult(), after).rows.filter(({ mark }) => mark !== '').map(({ name, mark }) => [name, mark])
  assert.deepEqual(marked, [
    ['senders: 200 against 1', 'better'], ['senders, 200 with 1 record: rate', 'better'], ['senders, 200 with 100 records: rate', 'better']
  ])
})

test('what was measured once is shown and never marked', () => {
  const after = sampleResult()
  for (const one of after.pipeline ?? []) one.rssMb *= 3
  const rss = compareResults(sampleResult(), after).rows.filter(({ name }) => name.endsWith('peak RSS') && name.startsWith('pipeline'))
  assert.ok(rss.length > 0 && rss.every(({ mark, changePercent }) => mark === '' && Math.round(changePercent ?? 0) === 200))
})

test('only ratios can fail it, by more than the bound, beyond their spread', () => {
  const failed = (before: BenchResult, after: BenchResult, percent: number): string[] => failures(compareResults(before, after), percent)
    .map(({ name }) => name)
  assert.deepEqual(failed(withRatio(1), withRatio(1.2), 10), [RATIO])
  assert.deepEqual(failed(withRatio(1), withRatio(1.2), 25), [])
  assert.deepEqual(failed(withRatio(1), withRatio(1.2, 0.25), 10), [])
  assert.deepEqual(failed(withRatio(1.2), withRatio(1), 10), [])
  const slower = sampleResult()
  for (const one of slower.pipeline ?? []) one.spread.recordsPerSecond = around(one.recordsPerSecond /= 3)
  assert.deepEqual(failed(sampleResult(), slower, 10), [])
})

test('sections and machines may differ, and that is said', () => {
  const { latency, ...after } = sampleResult()
  const comparison = compareResults(sampleResult(), {
    ...after, quick: true, machine: { ...after.machine, cores: 64, target: { bus: 'router:5672', loki: 'bench' } }
  })
  assert.equal(comparison.unmatched, 3 * (latency ?? []).length)
  assert.deepEqual(comparison.cautions.map(text => text.split(':')[0]), ['Different numbers of cores', 'Different buses or stores', 'A quick run has too few repeats for its spread to mean much.'])
  const text = comparisonText(comparison)
  for (const caution of comparison.cautions) assert.ok(text.includes(caution))
})

test('a figure that was 0 before has no change in percent', () => {
  const before = sampleResult()
  before.idle = { cpuPercent: 0, spread: around(0) }
  const after = { ...before, idle: { cpuPercent: 0.4, spread: around(0.4) } }
  const row = compareResults(before, after).rows.find(({ name }) => name.startsWith('idle'))
  assert.deepEqual([row?.changePercent, row?.mark], [undefined, 'worse'])
  assert.match(comparisonText(compareResults(before, after)), /^idle: CPU of a core +0 +0\.4 +% +worse$/m)
})

function run (
  t: TestContext, before: BenchResult, after: BenchResult, ...args: string[]
): { status: number | null, stdout: string, stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lokean-bench-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const files = [['before.json', before], ['after.json', after]].map(([name, result]) => {
    const file = join(folder, name as string)
    writeResult(file, result as BenchResult)
    return file
  })
  return spawnSync(process.execPath, [join('build', 'bench', 'compare', 'main.js'), ...files, ...args], { encoding: 'utf8' })
}

test('the command prints the table, and fails where it is told to', t => {
  const fine = run(t, withRatio(1), withRatio(1.2))
  assert.deepEqual([fine.status, fine.stderr], [0, ''])
  assert.match(fine.stdout, /^pipeline, 100 records, 1 worker, 4 shards: ratio to the floor +1 +1\.2 +\+20\.0 % +worse$/m)
  const failed = run(t, withRatio(1), withRatio(1.2), '--fail-over', '10')
  assert.equal(failed.status, 1)
  assert.equal(failed.stderr, `Worse by more than 10 %:\n  ${RATIO}\n`)
  const wrong = run(t, withRatio(1), withRatio(1), '--fail-on', '10')
  assert.equal(wrong.status, 64)
  assert.match(wrong.stderr, /^bench:compare: Unknown option '--fail-on'\n/)
})
