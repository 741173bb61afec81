import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import snappy from 'snappy'
import { PushJoiner } from '../../../src/sink/push-joiner.ts'
import type { Part } from '../../../src/worker/messages/tasks.ts'

const KIB = 1024
const STORED = { answer: { kind: 'stored', status: 204 }, endpoint: 3 } as const

function part (content: string, rawBytes = content.length): Part {
  const place = { address: 'a', tenant: 't', shard: 0, solo: false, quarantine: false }
  return { ...place, body: snappy.compressSync(content), rawBytes, records: 1 }
}

function joinerOf (limit = Infinity): { joiner: PushJoiner, pushes: Array<readonly Part[]> } {
  const pushes: Array<readonly Part[]> = []
  const joiner = new PushJoiner({
    limit: () => limit,
    push: async parts => {
      pushes.push(parts)
      return await Promise.resolve(STORED)
    }
  })
  return { joiner, pushes }
}

test('small pushes of one turn go together, and each gets the answer', async () => {
  const bodies: Uint8Array[] = []
  const joiner = new PushJoiner({
    limit: () => Infinity,
    push: async (_parts, body) => {
      bodies.push(body)
      return await Promise.resolve(STORED)
    }
  })
  const attempts = await Promise.all([joiner.push([part('one'), part('two')], false), joiner.push([part('three')], false)])
  assert.equal((snappy.uncompressSync(Buffer.from(bodies[0])) as Buffer).toString(), 'onetwothree')
  assert.equal(bodies.length, 1)
  assert.deepEqual(attempts, [
    { ...STORED, joined: true, rawBytes: 11, first: true }, { ...STORED, joined: true, rawBytes: 11, first: false }
  ])
})

test('what comes a turn later does not join; what is by itself is not joined', async () => {
  const { joiner, pushes } = joinerOf()
  const first = await joiner.push([part('one')], false)
  const second = await joiner.push([part('two')], false)
  assert.deepEqual([first.joined, second.joined, pushes.length], [false, false, 2])
})

test('parts that must be alone, and large ones, share nothing', async () => {
  const { joiner, pushes } = joinerOf()
  const parts = [part('a'), part('b', 300 * KIB), part('c'), part('d')]
  const attempts = await Promise.all(parts.map(async (one, i) => await joiner.push([one], i === 0)))
  assert.deepEqual(attempts.map(({ joined }) => joined), [false, false, true, true])
  assert.deepEqual(pushes.map(push => push.length), [1, 1, 2])
})

test('whatever is offered: each part is pushed once, in order, within the limit', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 300 * KIB }), { maxLength: 30 })
  await fc.assert(fc.asyncProperty(sizes, fc.integer({ min: 1, max: 400 * KIB }), async (sizes, limit) => {
    const { joiner, pushes } = joinerOf(limit)
    const parts = sizes.map((size, i) => part(`${i}`, size))
    const attempts = await Promise.all(parts.map(async one => await joiner.push([one], false)))
    assert.deepEqual(new Set(pushes.flat()), new Set(parts))
    assert.equal(pushes.flat().length, parts.length)
    for (const push of pushes) {
      const rawBytes = push.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
      assert.ok(push.length === 1 || rawBytes <= Math.min(limit, 256 * KIB))
      for (const one of push) {
        assert.deepEqual(attempts[parts.indexOf(one)], { ...STORED, joined: push.length > 1, rawBytes, first: one === push[0] })
      }
      assert.deepEqual([...push].sort((a, b) => parts.indexOf(a) - parts.indexOf(b)), push)
    }
  }))
})
