import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryReturn } from '../../../src/pipeline/memory-return.ts'

const PERIOD_MS = 5_000
const MIB = 2 ** 20

test('the workers learn of each period, and when the load has fallen, buffers are freed before the garbage is collected', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let calls: string[] = []
  const memory = new MemoryReturn({
    pool: { endPeriod: () => { calls.push('workers') } },
    buffers: { freeUnused: () => { calls.push('buffers') } },
    collect: () => { calls.push('garbage') }
  })
  const period = (): string[] => {
    calls = []
    t.mock.timers.tick(PERIOD_MS)
    return calls
  }
  memory.start()
  assert.deepEqual(period(), ['workers'])
  for (let i = 0; i < 3; i++) {
    memory.encoding(2 * MIB)
    memory.encoding(2 * MIB)
    assert.deepEqual(period(), ['workers'])
  }
  memory.encoding(MIB / 2)
  assert.deepEqual(period(), ['workers', 'buffers', 'garbage'])
  assert.deepEqual(period(), ['workers'])
  memory.stop()
  assert.deepEqual(period(), [])
})
