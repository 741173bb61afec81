import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catchUp } from '../../../../bench/harness/catch-up.ts'
import { Rig } from '../../../../bench/harness/rig.ts'

/** A rig whose time moves only when told. Its counts follow from the time. */
function rig (counts: (ms: number) => { sent?: number, settled: number, behind?: number }): { rig: Rig, ran: () => number } {
  let at = 0
  const fake = { run: async (ms: number) => { at += ms }, load: { counts: async () => ({ sent: 0, behind: 0, ...counts(at) }) } }
  return { rig: fake as unknown as Rig, ran: () => at }
}

/**
 * Calls the rig's own method. A rig is warm when it has settled as many records as the pool holds, and its earlier
 * backlog.
 */
const warmUp = async (one: Rig, ms: number, atMost: number): Promise<void> => {
  Object.assign(one.load, { poolRecords: 100_000 })
  await Rig.prototype.warmUp.call(one, ms, atMost)
}

test('it is warm after its least time where all streams have come and gone by then', async () => {
  const quick = rig(ms => ({ settled: ms * 100 }))
  await warmUp(quick.rig, 2000, 10_000)
  assert.equal(quick.ran(), 2000)
})

test('a slow program is given the time it needs, for what it took meanwhile too, up to a bound', async () => {
  const slow = rig(ms => ({ sent: 150_000, settled: ms < 4000 ? 0 : ms < 5000 ? 100_000 : 150_000 }))
  await warmUp(slow.rig, 2000, 60_000)
  assert.equal(slow.ran(), 5000)
  const stuck = rig(() => ({ settled: 0 }))
  await warmUp(stuck.rig, 2000, 0)
  assert.equal(stuck.ran(), 2000)
})

test('what waits in the program and what could not be sent yet both have to be gone', async () => {
  const behind = rig(ms => ({ sent: 1000, settled: Math.min(1000, ms), behind: Math.max(0, 3000 - ms) }))
  await catchUp(behind.rig, 1000, 10_000)
  assert.equal(behind.ran(), 2900)
  const hopeless = rig(ms => ({ sent: 1000 + ms * 2, settled: ms }))
  await catchUp(hopeless.rig, 1, 5000)
  assert.equal(hopeless.ran(), 5000)
})
