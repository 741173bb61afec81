import { test } from 'node:test'
import assert from 'node:assert/strict'
import { EndpointSelector } from '../../../src/sink/endpoint-selector.ts'

function withClock (count: number): { endpoints: EndpointSelector, clock: { now: number } } {
  const clock = { now: 1_000_000 }
  return { endpoints: new EndpointSelector(count, 5_000, () => clock.now), clock }
}

test('shards spread over the endpoints', () => {
  const { endpoints } = withClock(3)
  assert.deepEqual([0, 1, 2, 3, 4].map(shard => endpoints.pick(shard)), [0, 1, 2, 0, 1])
})

test('an endpoint that failed is passed over for a while, then tried again', () => {
  const { endpoints, clock } = withClock(3)
  endpoints.failed(1)
  assert.deepEqual([0, 1, 2].map(shard => endpoints.pick(shard)), [0, 2, 2])
  clock.now += 4_999
  assert.equal(endpoints.pick(1), 2)
  clock.now += 1
  assert.equal(endpoints.pick(1), 1)
})

test('an endpoint that answers counts at once', () => {
  const { endpoints } = withClock(2)
  endpoints.failed(0)
  assert.equal(endpoints.pick(0), 1)
  endpoints.answered(0)
  assert.equal(endpoints.pick(0), 0)
})

test('with all endpoints down, a shard tries the one that failed first, and its own among equals', () => {
  const { endpoints, clock } = withClock(2)
  endpoints.failed(0)
  endpoints.failed(1)
  assert.deepEqual([0, 1, 2, 3].map(shard => endpoints.pick(shard)), [0, 1, 0, 1])
  clock.now++
  endpoints.failed(0)
  assert.deepEqual([0, 1].map(shard => endpoints.pick(shard)), [1, 1])
  clock.now++
  endpoints.failed(1)
  assert.deepEqual([0, 1].map(shard => endpoints.pick(shard)), [0, 0])
  const single = withClock(1).endpoints
  single.failed(0)
  assert.equal(single.pick(7), 0)
})
