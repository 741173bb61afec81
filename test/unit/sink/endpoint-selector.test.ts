import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Hosts } from '../../../src/sink/endpoint-selector.ts'

function withClock (count: number): { hosts: Hosts, clock: { now: number } } {
  const clock = { now: 1_000_000 }
  return { hosts: new Hosts(count, 5_000, () => clock.now), clock }
}

test('shards spread over the hosts', () => {
  const { hosts } = withClock(3)
  assert.deepEqual([0, 1, 2, 3, 4].map(shard => hosts.pick(shard)), [0, 1, 2, 0, 1])
})

test('a host that failed is passed over for a while, then tried again', () => {
  const { hosts, clock } = withClock(3)
  hosts.failed(1)
  assert.deepEqual([0, 1, 2].map(shard => hosts.pick(shard)), [0, 2, 2])
  clock.now += 4_999
  assert.equal(hosts.pick(1), 2)
  clock.now += 1
  assert.equal(hosts.pick(1), 1)
})

test('a host that answers counts at once', () => {
  const { hosts } = withClock(2)
  hosts.failed(0)
  assert.equal(hosts.pick(0), 1)
  hosts.answered(0)
  assert.equal(hosts.pick(0), 0)
})

test('with all hosts down, a shard tries the one that failed first, and its own among equals', () => {
  const { hosts, clock } = withClock(2)
  hosts.failed(0)
  hosts.failed(1)
  assert.deepEqual([0, 1, 2, 3].map(shard => hosts.pick(shard)), [0, 1, 0, 1])
  clock.now++
  hosts.failed(0)
  assert.deepEqual([0, 1].map(shard => hosts.pick(shard)), [1, 1])
  clock.now++
  hosts.failed(1)
  assert.deepEqual([0, 1].map(shard => hosts.pick(shard)), [0, 0])
  const single = withClock(1).hosts
  single.failed(0)
  assert.equal(single.pick(7), 0)
})
