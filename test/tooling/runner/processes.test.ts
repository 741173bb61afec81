import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { share, testFiles, writeEntries } from '../../runner/processes.ts'
import { anySeed } from '../../helpers/seed.ts'

const FOLDERS = ['unit', 'integration', 'process', 'project', 'tooling', 'interop', 'faults']

test('every test file is in one process, and compiled', () => {
  for (const folder of FOLDERS) {
    const files = testFiles(folder)
    assert.ok(files.length > 0 && files.every(file => existsSync(file) && existsSync(`build/${file.replace(/\.ts$/, '.js')}`)), folder)
    assert.deepEqual(share(folder, files).flat().sort(), files)
  }
})

test('files share, in their order, and as evenly as can be', () => {
  const files = Array.from({ length: 40 }, (_, i) => `test/unit/a/${String(i).padStart(2, '0')}.test.ts`)
  assert.deepEqual(share('unit', files).map(({ length }) => length), [13, 14, 13])
  assert.deepEqual(share('unit', files).flat(), files)
})

test('those that run beside the programs of others, and the slowest, have a process each', () => {
  for (const folder of ['interop', 'faults']) {
    assert.deepEqual(share(folder, testFiles(folder)), testFiles(folder).map(file => [file]))
  }
  assert.ok(share('tooling', testFiles('tooling'))
    .some(([file, ...more]) => file === 'test/tooling/bench/instances/run.test.ts' && more.length === 0))
})

test('with a seed, what draws for the properties comes before the tests of each process, and else not at all', t => {
  const folder = mkdtempSync(join(tmpdir(), 'lokean-entries-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const groups = [['test/unit/a.test.ts'], ['test/unit/b.test.ts', 'test/unit/c.test.ts']]
  for (const isSeeded of [true, false]) {
    for (const { entry, files } of writeEntries(groups, folder, isSeeded)) {
      const imported = readFileSync(entry, 'utf8').trim().split('\n').map(line => /([^/]+)\.js'$/.exec(line)?.[1])
      assert.deepEqual(imported, [...isSeeded ? ['seeded-properties'] : [], ...files.map(file => file.slice(10, -3))])
    }
  }
})

test('LOKEAN_TEST_SEED is the seed, and is a whole number', t => {
  const { LOKEAN_TEST_SEED: before } = process.env
  t.after(() => { if (before === undefined) delete process.env.LOKEAN_TEST_SEED; else process.env.LOKEAN_TEST_SEED = before })
  process.env.LOKEAN_TEST_SEED = '77'
  assert.equal(anySeed(), 77)
  for (const wrong of ['x', '-1', '1.5', String(2 ** 31)]) {
    process.env.LOKEAN_TEST_SEED = wrong
    assert.throws(() => anySeed(), /LOKEAN_TEST_SEED must be/)
  }
})
