import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { WatchedFile } from '../../../src/credentials/watched-file.ts'
import { folder, settle, write } from './files.ts'

test('a file that stays as it is has no news, nor one that is written anew with the same text', t => {
  const path = join(folder(t), 'token')
  write(path, 'one')
  const file = new WatchedFile(path, 'one')
  assert.deepEqual([file.look(), file.look()], [false, false])
  write(path, 'one')
  assert.equal(file.look(), false)
})

test('a pipe, which was read at the start, is not read again: that would wait for somebody to write', t => {
  const path = join(folder(t), 'token')
  execFileSync('mkfifo', [path])
  const file = new WatchedFile(path, 'one')
  assert.deepEqual([file.look(), file.text], [false, 'one'])
})

test('a text of the same length, written in place, is news once', t => {
  const path = join(folder(t), 'token')
  write(path, 'one')
  const file = new WatchedFile(path, 'one')
  file.look()
  write(path, 'two')
  assert.deepEqual([file.look(), file.text, file.look()], [true, 'two', false])
})

test('a link that leads elsewhere, as Kubernetes swaps them, is news', t => {
  const root = folder(t)
  for (const version of ['1', '2']) {
    mkdirSync(join(root, version))
    write(join(root, version, 'token'), `token ${version}`)
  }
  symlinkSync('1', join(root, '..data'))
  symlinkSync('..data/token', join(root, 'token'))
  const file = new WatchedFile(join(root, 'token'), 'token 1')
  assert.equal(file.look(), false)
  symlinkSync('2', join(root, '..data_tmp'))
  renameSync(join(root, '..data_tmp'), join(root, '..data'))
  assert.deepEqual([file.look(), file.text], [true, 'token 2'])
})

test('what was written this moment may be half written: it counts later', t => {
  const path = join(folder(t), 'token')
  writeFileSync(path, 'ha')
  let now = Date.now()
  const file = new WatchedFile(path, 'whole', () => now)
  assert.deepEqual([file.look(), file.text], [false, 'whole'])
  writeFileSync(path, 'half and half')
  now = Date.now() + 1_000
  assert.deepEqual([file.look(), file.text], [true, 'half and half'])
})

test('a file from a clock that is ahead counts too', t => {
  const path = join(folder(t), 'token')
  writeFileSync(path, 'two')
  const file = new WatchedFile(path, 'one', () => Date.now() - 3_600_000)
  assert.equal(file.look(), true)
})

test('a file that vanishes is news once, and again when it is back', t => {
  const path = join(folder(t), 'token')
  write(path, 'one')
  const file = new WatchedFile(path, 'one')
  file.look()
  rmSync(path)
  assert.deepEqual([file.look(), file.text, file.look()], [true, undefined, false])
  assert.match(String(file.error), /ENOENT/)
  write(path, 'one')
  assert.deepEqual([file.look(), file.text, file.error], [true, 'one', undefined])
})

test('a directory in its place is a reason, not a fault', t => {
  const path = folder(t)
  settle(path)
  const file = new WatchedFile(path, 'one')
  assert.deepEqual([file.look(), file.look()], [true, false])
  assert.match(String(file.error), /EISDIR/)
})
