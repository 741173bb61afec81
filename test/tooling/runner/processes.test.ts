import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
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

test('files of one folder share, seven at the most, as evenly as can be', () => {
  const files = Array.from({ length: 15 }, (_, i) => `test/unit/a/${String.fromCharCode(97 + i)}.test.ts`)
  assert.deepEqual(share('unit', [...files, 'test/unit/b/a.test.ts']).map(({ length }) => length), [5, 5, 5, 1])
  for (const files of share('unit', testFiles('unit'))) assert.equal(new Set(files.map(file => dirname(file))).size, 1)
})

test('those that start programs, and the slowest, have a process each', () => {
  for (const folder of ['process', 'interop', 'faults']) {
    assert.deepEqual(share(folder, testFiles(folder)), testFiles(folder).map(file => [file]))
  }
  assert.ok(share('tooling', testFiles('tooling'))
    .some(([file, ...more]) => file === 'test/tooling/bench/instances/run.test.ts' && more.length === 0))
})
