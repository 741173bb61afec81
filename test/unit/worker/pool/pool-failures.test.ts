import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test, type TestContext } from 'node:test'
import type { EncodeTask } from '../../../../src/worker/messages/tasks.ts'
import { WorkerPool } from '../../../../src/worker/pool/pool.ts'
import { poisoned } from '../../../helpers/poison.ts'
import { captures, encoderSettings, encodeTask, recordText, rsyslogMessage } from '../../../helpers/worker-fixtures.ts'

/** Threads whose encoder fails on poison (see poison.ts). The process must have been started for it. */
function openPool (t: TestContext, { workers = 1, timeoutMs = 30_000 } = {}): { pool: WorkerPool, failures: string[] } {
  const failures: string[] = []
  const pool = new WorkerPool({ workers, timeoutMs, settings: encoderSettings(), onFailure: kind => { failures.push(kind) } })
  t.after(() => pool.close())
  return { pool, failures }
}

const good = encodeTask([captures()[0].bytes])
const bad = (how: string): EncodeTask => encodeTask([rsyslogMessage([recordText({ message: `a line poison=${how}` })])])

if (process.env.POISONED_ENCODER === undefined) {
  test('threads that fail, in a process of their own', () => {
    const env: NodeJS.ProcessEnv = { ...process.env, ...poisoned(new URL('../../../../src/worker/encoder.js', import.meta.url), '') }
    delete env.NODE_TEST_CONTEXT
    const { status, stdout, stderr } = spawnSync(process.execPath, [import.meta.filename], { env, encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /^. pass 4$/m)
  })
} else {
  test('a thread that fails by throwing, by ending or for want of memory is told by how, and the pool goes on', async t => {
    const { pool, failures } = openPool(t)
    for (const [how, kind] of [['throw', 'threw'], ['exit', 'died'], ['memory', 'died']] as const) {
      await assert.rejects(pool.encode(bad(how)), { code: 'LOKEAN_WORKER', kind })
      assert.equal(failures.pop(), kind)
      assert.equal((await pool.encode(good)).records, 1)
    }
    assert.deepEqual(failures, [])
  })

  test('a thread that hangs is replaced, and who waited behind it is served', async t => {
    const { pool, failures } = openPool(t, { timeoutMs: 2_000 })
    assert.equal((await pool.encode(good)).records, 1)
    const hangs = assert.rejects(pool.encode(bad('hang')), {
      code: 'LOKEAN_WORKER', kind: 'hung', message: /gave no answer for 2 s \(encode, LOKEAN_WORKER_TIMEOUT\)/
    })
    const waits = [pool.encode(good), pool.encode(good)]
    await hangs
    assert.deepEqual((await Promise.all(waits)).map(({ records }) => records), [1, 1])
    assert.deepEqual(failures, ['hung'])
  })

  test('a thread that hangs holds up nobody but who waits for it', async t => {
    const { pool } = openPool(t, { workers: 2, timeoutMs: 2_000 })
    const hangs = assert.rejects(pool.encode(bad('hang')), { kind: 'hung' })
    for (let i = 0; i < 5; i++) assert.equal((await pool.encode(good)).records, 1)
    await hangs
  })

  test('what waits for a thread when the pool closes is refused', async t => {
    const { pool } = openPool(t)
    const hangs = assert.rejects(pool.encode(bad('hang')), { code: 'LOKEAN_WORKER' })
    const waits = assert.rejects(pool.encode(good), { code: 'LOKEAN_CLOSED' })
    await pool.close()
    await Promise.all([hangs, waits])
  })
}
