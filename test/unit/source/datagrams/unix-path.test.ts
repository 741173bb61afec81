import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeWay, removerOf } from '../../../../src/source/datagrams/unix-path.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import { socketPath } from '../../../helpers/unix-sender.ts'

const nobody = (): string => 'ECONNREFUSED'
const notAsked = (): never => assert.fail('it was connected to')

/** Leaves the socket file of a killed process. */
function left (t: TestContext): string {
  const path = socketPath(Cleanup.of(t))
  spawnSync(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`])
  assert.ok(existsSync(path), 'it is left behind')
  return path
}

test('where there is nothing, nothing is done', t => {
  makeWay(socketPath(Cleanup.of(t)), notAsked)
})

test('a socket that nobody is bound to is removed, any other stays', t => {
  const path = left(t)
  for (const [code, why] of [
    [undefined, /another process listens/], ['EPROTOTYPE', /another process listens/], ['EACCES', /cannot be told.*\(EACCES\)/]
  ] as const) {
    assert.throws(() => makeWay(path, asked => { assert.equal(asked, path); return code }), why)
    assert.ok(existsSync(path))
  }
  makeWay(path, nobody)
  assert.ok(!existsSync(path))
})

test('what is no socket is left alone, a link to one too', t => {
  const path = left(t)
  const dir = dirname(path)
  writeFileSync(join(dir, 'file'), 'precious')
  mkdirSync(join(dir, 'dir'))
  symlinkSync(path, join(dir, 'link'))
  for (const name of ['file', 'dir', 'link']) {
    assert.throws(() => makeWay(join(dir, name), notAsked), /no socket/)
    assert.ok(existsSync(join(dir, name)))
  }
  assert.throws(() => makeWay(join(dir, 'file', 'x'), notAsked), /cannot look at the path \(ENOTDIR\)/)
})

test('a file is removed by who made it, and not when it is another\'s by then', async t => {
  const cleanup = Cleanup.of(t)
  const path = socketPath(cleanup)
  const listen = async (): Promise<() => Promise<void>> => {
    const server = createServer().listen(path)
    await once(server, 'listening')
    return async () => { const closed = once(server, 'close'); server.close(); await closed }
  }
  const close = await listen()
  const remove = removerOf(path)
  remove()
  assert.ok(!existsSync(path))
  remove()
  // Two are started at a time, so that no number is used again.
  cleanup.add(await listen())
  remove()
  assert.ok(existsSync(path))
  await close()
})
