import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rig } from '../../../bench/harness/rig.ts'
import { catchUp, warmUp } from '../../../bench/suites/warm-up.ts'

/** A rig whose time passes as it is told, and whose counts follow from the time. */
function rig (counts: (ms: number) => { sent?: number, settled: number, behind?: number }): { rig: Rig, ran: () => number } {
  let at = 0
  const fake = { run: async (ms: number) => { at += ms }, load: { counts: async () => ({ sent: 0, behind: 0, ...counts(at) }) } }
  return { rig: fake as unknown as Rig, ran: () => at }
}

test('it is warm after its least time where enough is settled by then', async () => {
  const quick = rig(ms => ({ settled: ms * 100 }))
  await warmUp(quick.rig, { leastMs: 2000, records: 100_000, mostMs: 10_000 })
  assert.equal(quick.ran(), 2000)
})

test('a slow program is given the time it needs, up to a bound', async () => {
  const slow = rig(ms => ({ settled: ms < 4000 ? 0 : 100_000 }))
  await warmUp(slow.rig, { leastMs: 2000, records: 100_000, mostMs: 10_000 })
  assert.equal(slow.ran(), 4000)
  const stuck = rig(() => ({ settled: 0 }))
  await warmUp(stuck.rig, { leastMs: 2000, records: 100_000, mostMs: 10_000 })
  assert.equal(stuck.ran(), 10_000)
})

test('what waits in the program and what could not be sent yet both have to be gone', async () => {
  const behind = rig(ms => ({ sent: 1000, settled: Math.min(1000, ms), behind: Math.max(0, 3000 - ms) }))
  await catchUp(behind.rig, 1000, 10_000)
  assert.equal(behind.ran(), 2900)
  const hopeless = rig(ms => ({ sent: 1000 + ms * 2, settled: ms }))
  await catchUp(hopeless.rig, 1, 5000)
  assert.equal(hopeless.ran(), 5000)
})
