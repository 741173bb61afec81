import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { share, testFiles } from '../../runner/processes.ts'

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
