import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TenantLimits } from '../../../src/sink/tenant-limits.ts'
import { ToldLimits } from '../../../src/sink/told-limits.ts'
import { turn } from '../../helpers/until.ts'

test('Loki is asked once for each tenant, in the background, and again after five minutes', async () => {
  const asked: string[] = []
  const clock = { now: 0 }
  let answer: TenantLimits | undefined = { burstBytes: 5 }
  const told = new ToldLimits({
    read: async tenant => {
      asked.push(tenant)
      return answer
    },
    now: () => clock.now
  })
  assert.deepEqual([told.of('a'), told.of('a'), told.of('b')], [undefined, undefined, undefined])
  await turn()
  assert.deepEqual([told.of('a'), asked], [{ burstBytes: 5 }, ['a', 'b']])
  answer = undefined
  clock.now = 299_999
  assert.deepEqual(told.of('a'), { burstBytes: 5 })
  clock.now = 300_000
  assert.deepEqual(told.of('a'), { burstBytes: 5 }, 'what it told last holds until the answer')
  await turn()
  assert.deepEqual(told.of('a'), { burstBytes: 5 }, 'nor does an answer that fails wipe it out')
  assert.deepEqual(asked, ['a', 'b', 'a'])
})

test('it remembers no endless number of tenants', async () => {
  let asked = 0
  const told = new ToldLimits({
    read: async () => {
      asked++
      return undefined
    },
    now: () => 0
  })
  for (let i = 0; i < 3_000; i++) told.of(`tenant ${i}`)
  await turn()
  told.of('tenant 0')
  assert.equal(asked, 3_001)
})
