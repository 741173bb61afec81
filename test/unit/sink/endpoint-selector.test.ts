import { test } from 'node:test'
import assert from 'node:assert/strict'
import { EndpointSelector } from '../../../src/sink/endpoint-selector.ts'

function withClock (count: number): { endpoints: EndpointSelector, clock: { now: number } } {
  const clock = { now: 1_000_000 }
  return { endpoints: new EndpointSelector(count, 5_000, () => clock.now), clock }
}

function picks (endpoints: EndpointSelector, count: number): number[] {
  return Array.from({ length: count }, () => endpoints.pick())
}

test('the endpoints take turns, push by push', () => {
  const { endpoints } = withClock(3)
  assert.deepEqual(picks(endpoints, 7), [0, 1, 2, 0, 1, 2, 0])
})

test('an endpoint that failed is passed over for a while, then has its turn again', () => {
  const { endpoints, clock } = withClock(3)
  endpoints.failed(1)
  assert.deepEqual(picks(endpoints, 4), [0, 2, 0, 2])
  clock.now += 4_999
  assert.deepEqual(picks(endpoints, 2), [0, 2])
  clock.now += 1
  assert.deepEqual(picks(endpoints, 3), [0, 1, 2])
})

test('an endpoint that answers counts at once', () => {
  const { endpoints } = withClock(2)
  endpoints.failed(0)
  assert.deepEqual(picks(endpoints, 2), [1, 1])
  endpoints.answered(0)
  assert.deepEqual(picks(endpoints, 2), [0, 1])
})

test('with all endpoints down, the one that failed first is tried', () => {
  const { endpoints, clock } = withClock(2)
  endpoints.failed(1)
  clock.now++
  endpoints.failed(0)
  assert.equal(endpoints.pick(), 1)
  clock.now++
  endpoints.failed(1)
  assert.equal(endpoints.pick(), 0)
  const single = withClock(1).endpoints
  single.failed(0)
  assert.deepEqual(picks(single, 2), [0, 0])
})

test('an endpoint that asked to be left alone is, while another is up', () => {
  const { endpoints, clock } = withClock(2)
  endpoints.failed(0, 60_000)
  assert.equal(endpoints.closedForMs(), 0, 'the other may be pushed to')
  clock.now += 30_000
  assert.deepEqual(picks(endpoints, 3), [1, 1, 1])
  endpoints.failed(1, 10_000)
  assert.equal(endpoints.closedForMs(), 10_000)
  clock.now += 10_000
  assert.deepEqual([endpoints.closedForMs(), endpoints.pick()], [0, 1])
  endpoints.answered(0)
  assert.equal(endpoints.closedForMs(), 0)
})
