import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Resolved, Settler } from '../../../src/ack/settler.ts'
import type { Connection, Range } from '../../../src/source/source.ts'
import { turn } from '../../helpers/until.ts'

class Link implements Connection {
  gone = false
  readonly settled: Range[][] = []
}

function collecting (onSettled: (resolved: Resolved[]) => void = () => {}): { settler: Settler<Resolved>, returned: Resolved[][] } {
  const returned: Resolved[][] = []
  const settler = new Settler<Resolved>({
    settle: (address, connection, ranges) => {
      assert.equal(address, 'a')
      ;(connection as Link).settled.push(ranges)
    },
    onSettled: resolved => {
      returned.push(resolved)
      onSettled(resolved)
    }
  })
  return { settler, returned }
}

function batch (connection: Connection, first: number, last: number): Resolved {
  return { address: 'a', spans: [{ connection, first, last }] }
}

test('sorts by delivery id and makes neighbours one range', () => {
  const { settler } = collecting()
  const link = new Link()
  for (const [first, last] of [[7, 9], [0, 1], [20, 20], [4, 6], [2, 2]]) settler.add(batch(link, first, last))
  settler.flush()
  assert.deepEqual(link.settled, [[[0, 2], [4, 9], [20, 20]]])
})

test('goes on over the end of the serial numbers', () => {
  const { settler } = collecting()
  const link = new Link()
  for (const [first, last] of [[1, 3], [0xfffffffe, 0xffffffff], [0xfffffff0, 0xfffffff1], [0, 0]]) settler.add(batch(link, first, last))
  settler.flush()
  assert.deepEqual(link.settled, [[[0xfffffff0, 0xfffffff1], [0xfffffffe, 3]]])
})

test('takes a batch that itself lies across the end of the serial numbers', () => {
  const { settler } = collecting()
  const link = new Link()
  for (const [first, last] of [[2, 5], [0xffffffff, 1]]) settler.add(batch(link, first, last))
  settler.flush()
  assert.deepEqual(link.settled, [[[0xffffffff, 5]]])
})

test('settles what was added in one turn in one go, without being asked to', async () => {
  const { settler, returned } = collecting()
  const link = new Link()
  settler.add(batch(link, 1, 1))
  await Promise.resolve()
  settler.add(batch(link, 0, 0))
  assert.deepEqual(link.settled, [])
  await turn()
  assert.deepEqual(link.settled, [[[0, 1]]])
  assert.equal(returned.length, 1)
  settler.add(batch(link, 2, 2))
  await turn()
  assert.deepEqual(link.settled, [[[0, 1]], [[2, 2]]])
  assert.equal(returned.length, 2)
})

test('a flush leaves nothing for the end of the turn, nor for another flush', async () => {
  const { settler, returned } = collecting()
  const link = new Link()
  settler.flush()
  assert.deepEqual(returned, [])
  settler.add(batch(link, 0, 0))
  settler.flush()
  settler.flush()
  await turn()
  assert.deepEqual(link.settled, [[[0, 0]]])
  assert.equal(returned.length, 1)
})

test('settles nothing over a link that is gone, and gives it back all the same', () => {
  const { settler, returned } = collecting()
  const [gone, here] = [new Link(), new Link()]
  const all = [batch(gone, 0, 3), batch(here, 0, 1), batch(gone, 4, 4)]
  for (const resolved of all) settler.add(resolved)
  gone.gone = true
  settler.flush()
  assert.deepEqual(gone.settled, [])
  assert.deepEqual(here.settled, [[[0, 1]]])
  assert.deepEqual(returned, [all])
})

test('what is added while it settles is for the next turn', async () => {
  const link = new Link()
  const { settler, returned } = collecting(() => { if (returned.length === 1) settler.add(batch(link, 9, 9)) })
  settler.add(batch(link, 0, 0))
  await turn()
  assert.deepEqual(link.settled, [[[0, 0]]])
  await turn()
  assert.deepEqual(link.settled, [[[0, 0]], [[9, 9]]])
})

test('a batch of many connections is settled over each of them, once a turn', () => {
  const { settler } = collecting()
  const [one, two] = [new Link(), new Link()]
  const spans = [[one, 0, 1], [two, 5, 5], [one, 2, 2], [two, 7, 7], [two, 6, 6]] as const
  settler.add({ address: 'a', spans: spans.map(([connection, first, last]) => ({ connection, first, last })) })
  settler.add(batch(one, 3, 9))
  settler.flush()
  assert.deepEqual([one.settled, two.settled], [[[[0, 9]]], [[[5, 7]]]])
})

test('ranges say exactly what was stored, in the fewest words, in order of delivery (against a naive set)', () => {
  const step = fc.record({
    length: fc.integer({ min: 1, max: 5 }), gap: fc.constantFrom(0, 0, 0, 1, 3), place: fc.nat(), link: fc.nat({ max: 1 })
  })
  const start = fc.oneof(fc.constantFrom(0, 0xffffffe0, 0x7fffffe0), fc.nat({ max: 0xffffffff }))
  fc.assert(fc.property(start, fc.array(step, { maxLength: 60 }), (start, batches) => {
    const links = [new Link(), new Link()]
    const next = [start, start]
    const expected = [[] as number[], [] as number[]]
    const resolved = batches.map(({ length, gap, place, link }) => {
      const first = (next[link] + gap) >>> 0
      const last = (first + length - 1) >>> 0
      next[link] = (last + 1) >>> 0
      for (let i = 0; i < length; i++) expected[link].push((first + i) >>> 0)
      return { place, resolved: batch(links[link], first, last) }
    })
    const { settler, returned } = collecting()
    for (const { resolved: one } of resolved.sort((a, b) => a.place - b.place)) settler.add(one)
    settler.flush()
    assert.equal(returned.flat().length, batches.length)
    for (const [i, link] of links.entries()) {
      const ranges = link.settled.flat()
      assert.deepEqual(ranges.flatMap(ids), expected[i])
      for (const [at, [first]] of ranges.entries()) {
        if (at > 0) assert.notEqual((ranges[at - 1][1] + 1) >>> 0, first)
      }
      assert.ok(link.settled.length <= 1)
    }
  }))
})

function ids ([first, last]: Range): number[] {
  return Array.from({ length: ((last - first) >>> 0) + 1 }, (_, i) => (first + i) >>> 0)
}
