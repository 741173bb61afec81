import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGenerator } from '../../../src/generator/generator.ts'
import { Load, type Parcel } from '../../../src/generator/load.ts'
import { TokenBucket } from '../../../src/generator/token-bucket.ts'

const generator = () => createGenerator({ hosts: 5, seed: 1, recordsPerMessage: 10 })

test('records are sent to the last one, and what comes back is sent before anything new', () => {
  const load = new Load({ generator: generator(), addresses: 1, records: 25, recordsPerMessage: 10 })
  const [a, b] = [load.next(0), load.next(0)] as [Parcel, Parcel]
  assert.equal(load.settle(a, 'modified'), true)
  assert.equal(load.settle(b, 'accepted'), false)
  load.sendAgain(0, [a])
  assert.equal(load.next(0), a)
  const last = load.next(0) as Parcel
  assert.equal(last.records, 5)
  assert.equal(load.next(0), undefined)
  assert.equal(load.done, false)
  load.settle(a, 'rejected')
  load.settle(last, 'accepted')
  assert.equal(load.done, true)
  assert.deepEqual(load.counts, { sent: 25, accepted: 15, rejected: 10, written: 0, released: 0, modified: 10, resent: 10, unsettled: 0 })
})

test('each host sends to one address; ended, a load has nothing new', () => {
  const made: Array<[number, number]> = []
  const inner = generator()
  const load = new Load({
    generator: { ...inner, next: (records, host) => { made.push([host! % 2, host!]); return inner.next(records, host) } },
    addresses: 2,
    recordsPerMessage: 1
  })
  for (let i = 0; i < 6; i++) load.next(i % 2)
  assert.deepEqual(made, [[0, 0], [1, 1], [0, 2], [1, 3], [0, 4], [1, 1]])
  load.end()
  assert.equal(load.next(0), undefined)
  assert.throws(() => new Load({ generator: generator(), addresses: 6, recordsPerMessage: 1 }), RangeError)
})

test('the rate lets through what the clock allows, and says how long to wait', () => {
  let now = 0
  const bucket = new TokenBucket(1000, 20, () => now)
  const load = new Load({ generator: generator(), addresses: 1, recordsPerMessage: 10, bucketOf: () => bucket })
  const send = () => load.next(0)
  assert.ok(typeof send() === 'object' && typeof send() === 'object', 'the burst')
  assert.equal(send(), 10)
  now += 9
  assert.equal(send(), 1)
  now += 1
  assert.equal(typeof send(), 'object')
  now += 10_000
  assert.ok(typeof send() === 'object' && typeof send() === 'object')
  assert.equal(send(), 10, 'idle time is not saved up')
  assert.throws(() => new TokenBucket(0, 1, () => 0), RangeError)
})
