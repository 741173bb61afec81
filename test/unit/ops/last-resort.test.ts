import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { EX_SOFTWARE, type FaultHandler, LastResort } from '../../../src/ops/last-resort.ts'
import { Deferred } from '../../helpers/deferred.ts'
import { turn } from '../../helpers/until.ts'

function watching (t: TestContext, handle: FaultHandler): { lastResort: LastResort, codes: number[] } {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const codes: number[] = []
  return { lastResort: new LastResort(handle, code => { codes.push(code) }, 1000), codes }
}

test('the process ends when the fault is handled, and not before', async t => {
  const handled = new Deferred<void>()
  const faults: unknown[] = []
  const { lastResort, codes } = watching(t, async fault => {
    faults.push(fault)
    await handled.promise
  })
  lastResort.end('a')
  await turn()
  assert.deepEqual([faults, codes], [['a'], []])
  handled.resolve()
  await turn()
  assert.deepEqual(codes, [EX_SOFTWARE])
})

test('a handler that hangs is waited for only so long', async t => {
  const { lastResort, codes } = watching(t, async () => { await new Promise(() => {}) })
  lastResort.end('a')
  await turn()
  t.mock.timers.tick(999)
  assert.deepEqual(codes, [])
  t.mock.timers.tick(1)
  assert.deepEqual(codes, [EX_SOFTWARE])
})

test('a handler that fails, at once or later, ends it too', async t => {
  for (const handle of [(): never => { throw new Error('again') }, async () => { throw new Error('again') }]) {
    const { lastResort, codes } = watching(t, handle)
    lastResort.end('a')
    await turn()
    assert.deepEqual(codes, [EX_SOFTWARE])
    t.mock.timers.reset()
  }
})

test('a second fault ends it at once', t => {
  const { lastResort, codes } = watching(t, async () => { await new Promise(() => {}) })
  lastResort.end('a')
  lastResort.end('b')
  assert.deepEqual(codes, [EX_SOFTWARE])
})

test('the last handler given is the one that is asked', async t => {
  const asked: string[] = []
  const { lastResort } = watching(t, async () => { asked.push('first') })
  lastResort.use(async () => { asked.push('second') })
  lastResort.end('a')
  await turn()
  assert.deepEqual(asked, ['second'])
})
