import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from '../../../../../bench/harness/load/pace.ts'

const pool = { hosts: 3, recordsPerMessage: 10, messages: 6 }

function drawn (next: () => number): number[] {
  const all: number[] = []
  for (let message = next(); message >= 0; message = next()) all.push(message)
  return all
}

test('a rate lets through what is due, in turn', () => {
  const pace = createPace({ rate: 20_000 }, pool, 1000, 16) // 2 messages a millisecond
  assert.deepEqual(drawn(() => pace.next(1000)), [])
  assert.deepEqual(drawn(() => pace.next(1002)), [0, 1, 2, 3])
  assert.deepEqual(drawn(() => pace.next(1002.4)), [])
  assert.deepEqual(drawn(() => pace.next(1003.5)), [4, 5, 0])
  assert.equal(pace.due(1005), 10)
})

test('without a pace the next message may always go', () => {
  const pace = createPace({}, pool, 0, 16)
  assert.deepEqual(Array.from({ length: 8 }, () => pace.next(0)), [0, 1, 2, 3, 4, 5, 0, 1])
  assert.equal(pace.due(0), 8)
})

test('a waiting sender sends messages of its host, the next one when the last is settled', () => {
  const pace = createPace({ senders: 4 }, pool, 0, 8)
  assert.deepEqual(drawn(() => pace.next(0)), [0, 1, 2, 0])
  pace.settled(2) // the third sender's, of host 2
  assert.deepEqual(drawn(() => pace.next(0)), [5])
  pace.settled(4)
  pace.settled(0)
  assert.deepEqual(drawn(() => pace.next(0)), [2, 3])
  // Round and round: no sender gets lost, and none sends twice.
  for (let count = 5; count < 100; count++) {
    pace.settled(count)
    const [message, ...none] = drawn(() => pace.next(0))
    assert.equal(message % 3, [2, 0][(count - 5) % 2])
    assert.deepEqual(none, [])
  }
})
