import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadFall } from '../../src/load-fall.ts'

const MIB = 2 ** 20

/** Whether the load has fallen in each of these periods, which have so many MiB. */
function falls (...periods: number[]): boolean[] {
  const load = new LoadFall()
  return periods.map(mib => {
    load.add(mib * MIB / 2)
    load.add(mib * MIB / 2)
    return load.endPeriod()
  })
}

test('a load has fallen once, in the first period with an eighth of the most', () => {
  assert.deepEqual(falls(8, 80, 40, 11, 10, 0, 0), [false, false, false, false, true, true, false])
  assert.deepEqual(falls(80, 0, 0, 8, 0), [false, true, false, false, true])
})

test('a load that stays, rises or swings a little has never fallen', () => {
  assert.ok(!falls(10, 10, 2, 20, 200, 30, 200, 30).includes(true))
})

test('a load that falls little by little has fallen in the end', () => {
  assert.deepEqual(falls(64, 32, 16, 8, 4, 2, 1), [false, false, false, true, false, false, true])
})

test('a load below a MiB a period is as good as none', () => {
  assert.deepEqual(falls(0, 0.9, 0, 1, 0), [false, false, false, false, true])
})
