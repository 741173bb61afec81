import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { Buffers } from '../../src/batch/buffers.ts'
import type { EncodeResult, EncodeTask } from '../../src/worker/messages/tasks.ts'
import { WorkerPool } from '../../src/worker/pool/pool.ts'
import { Deferred } from '../helpers/deferred.ts'
import { message, record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'
import { until } from '../helpers/until.ts'

const MIB = 2 ** 20

interface Watched {
  /** Memory of batches in which parts lie, until it is given back. */
  held: Set<SharedArrayBuffer>
  /**
   * How often parts were left in a batch's memory, how often that memory had held parts before, and how often it was
   * given back.
   */
  encoded: number
  left: number
  again: number
  released: number
}

function watch (t: TestContext): Watched {
  const watched: Watched = { held: new Set(), encoded: 0, left: 0, again: 0, released: 0 }
  const known = new WeakSet<SharedArrayBuffer>()
  const { encode } = WorkerPool.prototype
  t.mock.method(WorkerPool.prototype, 'encode', async function (this: WorkerPool, task: EncodeTask): Promise<EncodeResult> {
    const result = await encode.call(this, task)
    watched.encoded++
    if (result.shared) {
      watched.left++
      if (known.has(task.bytes)) watched.again++
      known.add(task.bytes)
      watched.held.add(task.bytes)
    }
    return result
  })
  const { release } = Buffers.prototype
  t.mock.method(Buffers.prototype, 'release', function (this: Buffers, buffer: SharedArrayBuffer): void {
    if (watched.held.delete(buffer)) watched.released++
    release.call(this, buffer)
  })
  return watched
}

/**
 * Makes records whose parts fit behind a full batch: half of each line compresses to nothing, the other half not at
 * all.
 */
function records (wave: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => record({ host: `h${i % 5}`, message: `id=${wave}.${i} ${randomBytes(80).toString('hex')} ${'and so on '.repeat(20)}` }))
}

test('parts that wait in the memory of their batch are intact when a Loki that stalled goes on, and the memory is used again behind them', async t => {
  const watched = watch(t)
  const gate = new Deferred<void>()
  let open = false
  const limit = 4 * MIB
  const stack = await Stack.start(t, {
    workers: 2,
    env: { LOKEAN_INFLIGHT_BYTES: `${limit}`, LOKEAN_PUSH_BYTES: '64KiB' },
    loki: { intercept: () => open ? undefined : { kind: 'hang', release: gate.promise } },
    bus: { senderCredit: 8000 }
  })
  const sender = await stack.sender()
  const sent: string[] = []
  const send = (wave: number): Array<Promise<string>> => Array.from({ length: 250 }, async (_, m) => {
    const texts = records(wave * 1000 + m, 60)
    sent.push(...texts)
    return await sender.send(message(texts))
  })
  const outcomes = send(0)
  await until('the budget is used up, and batches wait for Loki in their own memory', () => stack.pipeline.inflightBytes > limit - 5 * 65_536 && watched.left >= 5)
  assert.deepEqual([watched.held.size, watched.released], [watched.left, 0], 'each has its own, and none is given back')
  assert.equal(stack.stored().length, 0)
  open = true
  gate.resolve()
  assert.deepEqual(new Set(await Promise.all(outcomes)), new Set(['accepted']))
  assert.deepEqual(new Set(await Promise.all(send(1))), new Set(['accepted']))
  assert.deepEqual([watched.held.size, watched.released], [0, watched.left], 'all is given back once it is stored')
  assert.ok(watched.again > 0, 'and used again')
  const stored = stack.stored().map(({ line }) => line.toString()).sort()
  const expected = sent.map(text => (JSON.parse(text) as { message: string }).message).sort()
  assert.equal(stored.length, expected.length)
  assert.ok(stored.every((line, i) => line === expected[i]), 'byte for byte, and each once')
})

test('batches that fill little of their memory do not keep more of it than the budget needs, however long Loki stalls', async t => {
  const watched = watch(t)
  const gate = new Deferred<void>()
  let open = false
  const stack = await Stack.start(t, {
    workers: 2,
    env: { LOKEAN_INFLIGHT_BYTES: `${4 * MIB}`, LOKEAN_PUSH_BYTES: '64KiB' },
    loki: { intercept: () => open ? undefined : { kind: 'hang', release: gate.promise } }
  })
  const sender = await stack.sender()
  // Each message is a batch of a quarter of the full size, so the budget holds many.
  const texts = Array.from({ length: 40 }, (_, m) => [record({ message: `id=${m} ${randomBytes(35_000).toString('hex')}` })])
  const outcomes: Array<Promise<string>> = []
  for (const [sent, records] of texts.entries()) {
    outcomes.push(sender.send(message(records)))
    await until('it is encoded', () => watched.encoded === sent + 1)
  }
  // The batches of a full budget, the one that is filling, and one at each of the two workers.
  assert.equal(watched.held.size, 4 * MIB / (4 * 65_536) + 1 + 2)
  open = true
  gate.resolve()
  assert.deepEqual(new Set(await Promise.all(outcomes)), new Set(['accepted']))
  assert.equal(watched.held.size, 0)
  assert.deepEqual(
    stack.stored().map(({ line }) => line.toString()).sort(),
    texts.flat().map(text => (JSON.parse(text) as { message: string }).message).sort()
  )
})
