import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { beside, Child } from '../../../../bench/harness/child.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import type { ServedMethods } from './served.ts'

function start (t: TestContext): Child<ServedMethods> {
  const child = new Child<ServedMethods>('served', beside('served', import.meta.url))
  Cleanup.of(t).add(async () => await child.close())
  return child
}

test('calls are answered, each with its own', async t => {
  const child = start(t)
  assert.deepEqual(await Promise.all([1, 2, 3].map(async number => await child.call('double', number))), [2, 4, 6])
  await assert.rejects(child.call('refuse'), /not today/)
  assert.equal(await child.call('double', 4), 8)
})

test('a death fails what waits, with what the process said, and all that is asked later', async t => {
  const child = start(t)
  const asked = child.call('die')
  await assert.rejects(asked, /the served process ended \(exit code 1\)[^]*as asked/)
  await assert.rejects(child.failed, /as asked/)
  await assert.rejects(child.call('double', 1), /gone/)
  await child.close()
})

test('a process that was asked to end has not failed', async t => {
  const child = start(t)
  await child.call('double', 1)
  await child.close()
  assert.equal(await Promise.race([child.failed, Promise.resolve('still waiting')]), 'still waiting')
})
