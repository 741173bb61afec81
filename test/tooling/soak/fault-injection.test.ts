import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../../src/generator/random.ts'
import { drawFrom, type Fault, injectFaults } from '../../soak/fault-injection.ts'

/** Returns the first faults of a seed. Each fault draws as often as `draws` says. */
async function firstKinds (seed: number, draws: () => number): Promise<string[]> {
  const kinds: string[] = []
  const calm = new AbortController()
  const faults: Fault[] = ['a', 'b', 'c', 'd'].map(kind => ({
    kind,
    run: async draw => {
      for (let i = draws(); i > 0; i--) draw.below(10)
      if (kinds.length === 3) calm.abort()
    }
  }))
  await injectFaults(seed, faults, calm.signal, kind => { kinds.push(kind) }, [1, 2])
  return kinds
}

test('the seed alone decides on the order of faults, however often one draws', async () => {
  const orders = new Set<string>()
  for (let seed = 0; seed < 5; seed++) {
    const order = await firstKinds(seed, () => 1)
    assert.deepEqual(await firstKinds(seed, () => Math.floor(Math.random() * 9)), order)
    orders.add(order.join())
  }
  assert.ok(orders.size > 1)
})

test('a spread lies within its ends, small and large alike', () => {
  const draw = drawFrom(seededRandom(1), async () => {})
  const values = Array.from({ length: 1000 }, () => draw.spread(1, 10_000))
  assert.ok(values.every(value => value >= 1 && value <= 10_000))
  for (const least of [1, 10, 100, 1000]) assert.ok(values.filter(value => value >= least && value < least * 10).length > 150)
})
