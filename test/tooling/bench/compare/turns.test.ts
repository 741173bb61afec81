import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { takeTurns } from '../../../../bench/compare/turns.ts'
import { type Rig, startRig } from '../../../../bench/harness/rig.ts'
import { BOUNDED } from '../../../helpers/program.ts'

/**
 * A program that settles so many records and uses so much CPU for each millisecond of its run. `log` records what is
 * done to it.
 */
function rig (name: string, log: string[], { records, micros }: { records: number, micros: number }): Rig {
  let frozen = false
  let ran = 0
  const fake = {
    run: async (ms: number) => {
      assert.equal(frozen, false, 'it runs')
      log.push(name)
      ran += ms
    },
    load: { counts: async () => ({ settled: 1000 + ran * records }) },
    program: {
      freeze: () => { frozen = true },
      thaw: () => { frozen = false },
      cpu: () => ({ totalMicros: 5000 + ran * micros, mainMicros: ran * micros / 4 })
    }
  }
  return fake as unknown as Rig
}

test('one runs while the other is frozen, and who is first changes', async () => {
  const log: string[] = []
  const rigs = { before: rig('before', log, { records: 100, micros: 200 }), after: rig('after', log, { records: 50, micros: 300 }) }
  const { before, after } = await takeTurns(rigs, { rounds: 4, sliceMs: 10 })
  assert.deepEqual(log, ['before', 'after', 'after', 'before', 'before', 'after', 'after', 'before'])
  assert.deepEqual([before.usPerRecord, before.mainUsPerRecord], [2, 0.5])
  assert.deepEqual([after.usPerRecord, after.mainUsPerRecord], [6, 1.5])
})

test('where nothing is known of the CPU, the rate is', async () => {
  const rigs = { before: rig('before', [], { records: 100, micros: 200 }), after: rig('after', [], { records: 100, micros: 200 }) }
  rigs.after.program.cpu = () => undefined
  const { after } = await takeTurns(rigs, { rounds: 2, sliceMs: 10 })
  assert.equal(after.usPerRecord, NaN)
  assert.ok((after.recordsPerSecond ?? NaN) > 0)
})

test('two real programs, each by its path, lose nothing by it', BOUNDED, async t => {
  const start = async (): Promise<Rig> => {
    const rig = await startRig({
      recordsPerMessage: 10, hosts: 5, own: true, env: { LOKEAN_WORKERS: '1' }, program: { main: join(process.cwd(), 'dist', 'main.js') }
    })
    t.after(async () => {
      rig.program.thaw()
      await rig.close()
    })
    return rig
  }
  const rigs = { before: await start(), after: await start() }
  for (const rig of Object.values(rigs)) await rig.load.start()
  for (const rig of Object.values(rigs)) await rig.warmUp(0)
  const readings = await takeTurns(rigs, { rounds: 2, sliceMs: 50 })
  for (const { usPerRecord, mainUsPerRecord, recordsPerSecond } of Object.values(readings)) {
    assert.ok((usPerRecord ?? NaN) > (mainUsPerRecord ?? NaN) && (mainUsPerRecord ?? NaN) > 0 && (recordsPerSecond ?? NaN) > 0)
  }
  for (const rig of Object.values(rigs)) {
    const { sent } = await rig.load.stop()
    const { missing, doubled, other } = await rig.reconcile(sent)
    assert.deepEqual({ missing, doubled, other }, { missing: 0, doubled: 0, other: 0 })
  }
})
