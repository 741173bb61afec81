import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from '../../../../../bench/harness/load/paces.ts'

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

test('hosts log at random, at the rate in all, and each waits for its settlement with what it logs meanwhile', () => {
  const pace = createPace({ senders: 3, rate: 10_000 }, pool, 0, 4096) // a message a millisecond
  const sent: number[] = []
  for (let now = 0; now <= 1; now += 0.01) sent.push(...drawn(() => pace.next(now)))
  for (let now = 1; sent.length < 3; now++) sent.push(...drawn(() => pace.next(now)))
  assert.deepEqual(sent.map(message => message % 3).sort(), [0, 1, 2], 'one message of each host')
  assert.deepEqual(drawn(() => pace.next(1000)), [], 'and no other before it is settled')
  const due = pace.due(1000)
  assert.ok(due > 850 && due < 1150, `${due} came due in a second`)

  pace.settled(1)
  const [next, ...none] = drawn(() => pace.next(1000))
  assert.deepEqual([next % 3, none], [sent[1] % 3, []], 'the host that is settled sends its next')
  assert.notEqual(next, sent[1])
  assert.ok(pace.dueAt! < 100, 'which was due long ago')
  // Each settlement lets one go, until all that came due is sent.
  let went = 4
  for (const unsettled = [0, 2, 3]; unsettled.length > 0;) {
    pace.settled(unsettled.shift()!)
    for (let count = drawn(() => pace.next(1000)).length; count > 0; count--) unsettled.push(went++)
  }
  assert.equal(went, due)
})
