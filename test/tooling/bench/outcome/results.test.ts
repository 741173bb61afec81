import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { renew } from '../../../../bench/outcome/renew.ts'
import { readResult, RESULTS, writeResult } from '../../../../bench/outcome/result-files.ts'
import type { BenchResult } from '../../../../bench/outcome/results.ts'
import { spreadOf } from '../../../../bench/outcome/spread.ts'
import { resultPage } from '../../../../bench/report/page.ts'
import { performanceSection } from '../../../../bench/report/section.ts'
import { writePage } from '../../../../bench/report/write-page.ts'
import { UsageError } from '../../../../src/errors.ts'
import { sampleResult } from '../sample-result.ts'

function folder (t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lokean-bench-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

test('the spread is of the values as numbers, wherever they stand', () => {
  assert.deepEqual(spreadOf([10, 9, 100]), { median: 10, min: 9, max: 100 })
  assert.deepEqual(spreadOf([4, 1]), { median: 2.5, min: 1, max: 4 })
  assert.throws(() => spreadOf([]), RangeError)
})

test('half of the values lie on each side of the median', () => {
  fc.assert(fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), values => {
    const { median, min, max } = spreadOf(values)
    const half = Math.ceil(values.length / 2)
    assert.ok(values.filter(value => value <= median).length >= half && values.filter(value => value >= median).length >= half)
    assert.ok(min <= median && median <= max && values.includes(min) && values.includes(max))
  }))
})

test('a result that is written is read again, and nothing else is left behind', t => {
  const path = folder(t)
  const file = join(path, 'new', 'latest.json')
  writeResult(file, sampleResult())
  assert.deepEqual(readResult(file), sampleResult())
  assert.deepEqual(readdirSync(join(path, 'new')), ['latest.json'])
})

test('a file that holds no result is refused by name', t => {
  const path = folder(t)
  const refused = (name: string, message: RegExp): void => {
    assert.throws(
      () => readResult(join(path, name)),
      (error: unknown) => error instanceof UsageError && error.message.includes(name) && message.test(error.message), String(message)
    )
  }
  const { pipeline, ...rest } = sampleResult()
  for (const [name, text] of [
    ['text', 'no\n\nJSON'], ['list', '[]'], ['other', '{"at":"now"}'], ['bent', JSON.stringify({ ...rest, pipeline: { ...pipeline } })]
  ]) writeFileSync(join(path, name), text)
  refused('absent', /does not exist/)
  refused('text', /holds no bench result: .*JSON/)
  refused('list', /not an object/)
  refused('other', /`machine` is missing/)
  refused('bent', /`pipeline` is not a list/)
})

test('a run of some suites renews its sections, and says when; one that cannot stand beside the rest does not', () => {
  const whole = sampleResult()
  const { at, quick, machine } = whole
  const part: BenchResult = {
    at: '2026-12-01T00:00:00.000Z', quick, machine: { ...machine, lokean: '0.2.0' }, start: [{ ...whole.start![0], seconds: 9 }]
  }
  const renewed = renew(whole, part)!
  assert.deepEqual({ ...renewed, start: whole.start, renewed: undefined }, { ...whole, renewed: undefined })
  assert.equal(renewed.start![0].seconds, 9)
  assert.equal(renewed.at, at)
  const later = renew(renewed, { ...part, at: '2026-12-02T00:00:00.000Z', idle: whole.idle, start: undefined })!
  assert.match(resultPage(later), /^\| anew \| start on 2026-12-01, Lokean 0\.2\.0; idle on 2026-12-02, Lokean 0\.2\.0 \|$/m)
  assert.match(performanceSection(renewed), /^Measured on 2026-11-22: .*\. Anew: start on 2026-12-01, Lokean 0\.2\.0\.$/m)
  for (const other of [
    { quick: true }, { machine: { ...machine, cores: 64 } }, { machine: { ...machine, target: { bus: 'bench', loki: 'other' } } }
  ]) {
    assert.equal(renew(whole, { ...part, ...other }), undefined)
  }
})

test('the page goes with exactly the charts that it shows', t => {
  const path = folder(t)
  const written = writePage(path, sampleResult())
  assert.deepEqual(written.map(file => file.slice(path.length + 1)).sort(), readdirSync(path).sort())
  assert.ok(written.includes(join(path, 'README.md')))
})

test('the results lie in the project, not in what was built of it', () => {
  assert.equal(RESULTS, join(process.cwd(), 'bench', 'results'))
})
