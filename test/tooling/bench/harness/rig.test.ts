import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { rateBetween, type Rig, startRig } from '../../../../bench/harness/rig.ts'
import { BOUNDED } from '../../../helpers/program.ts'

async function start (t: TestContext, hosts: number): Promise<Rig> {
  const rig = await startRig({ recordsPerMessage: 10, hosts, own: true, env: { LOKEAN_WORKERS: '1' } })
  t.after(async () => await rig.close())
  return rig
}

test('load, program and sink: what is sent arrives, once, and is measured', BOUNDED, async t => {
  const rig = await start(t, 5)
  const before = await rig.snapshot()
  await rig.load.times()
  await rig.load.start({ rate: 10_000 })
  await rig.warmUp(0)
  const after = await rig.snapshot()
  const { sent, settled } = await rig.load.stop()
  // Only now does nothing more come in between.
  const times = await rig.load.times()
  assert.ok(sent >= 2000)
  assert.equal(settled, sent)
  assert.ok(rateBetween(before.load, after.load) > 0)
  assert.ok(after.cpu.totalMicros > before.cpu.totalMicros)
  assert.equal(times.count * 10, settled, 'a time for each message')
  assert.ok(times.p50 > 0 && times.p50 <= times.p99 && times.p99 <= times.max)
  const { stored, missing, doubled, other, streams } = await rig.reconcile(sent)
  assert.deepEqual({ stored, missing, doubled, other }, { stored: sent, missing: 0, doubled: 0, other: 0 })
  assert.ok(streams > 20)
  const [received] = [...await rig.program.metrics()].filter(([name]) => name.startsWith('lokean_records_received_total'))
    .map(([, value]) => value)
  assert.equal(received, sent, 'as the program itself counts them')
})

test('the death of the program fails whoever waits', BOUNDED, async t => {
  const rig = await start(t, 2)
  const waiting = rig.run(60_000)
  process.kill(rig.program.pid, 'SIGKILL')
  await assert.rejects(waiting, /lokean ended \(SIGKILL\)/)
})

test('another program is measured by its path', BOUNDED, async () => {
  await assert.rejects(
    startRig({ recordsPerMessage: 10, own: true, program: { main: join('dist', 'no-such-program.js') } }),
    /lokean ended \(exit code 1\): [^]*no-such-program\.js/
  )
})
