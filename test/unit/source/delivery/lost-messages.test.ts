import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LostMessages } from '../../../../src/source/delivery/lost-messages.ts'

const MINUTE = 60_000

function lost (most = 100): { messages: LostMessages, clock: { now: number } } {
  const clock = { now: 0 }
  return { messages: new LostMessages(most, () => clock.now), clock }
}

test('each lost message is recognised once', () => {
  const { messages } = lost()
  assert.deepEqual(messages.recognise([1, 2]), [])
  messages.add([1, 2, 1])
  assert.deepEqual(messages.recognise([3, 1, 2]), [1, 2])
  assert.deepEqual(messages.recognise([1, 1, 2]), [0])
  assert.deepEqual(messages.recognise([1, 2, 3]), [])
})

test('a sender may be away for long; ten minutes after deliveries have come again, what was lost is forgotten', () => {
  const { messages, clock } = lost()
  messages.add([1, 2, 3])
  clock.now = 600 * MINUTE
  assert.deepEqual(messages.recognise([1]), [0])
  clock.now += 10 * MINUTE
  assert.deepEqual(messages.recognise([2]), [0])
  clock.now += 1
  assert.deepEqual(messages.recognise([3]), [])
})

test('each loss has an age of its own', () => {
  const { messages, clock } = lost()
  messages.add([1, 2])
  messages.recognise([0])
  clock.now = 9 * MINUTE
  messages.add([2, 3])
  messages.recognise([0])
  clock.now = 11 * MINUTE
  assert.deepEqual(messages.recognise([1, 2, 3]), [1, 2], 'the first is too old')
})

test('losses before any delivery count as one', () => {
  const { messages, clock } = lost()
  messages.add([1])
  messages.add([2])
  messages.recognise([0])
  clock.now = 10 * MINUTE + 1
  assert.deepEqual(messages.recognise([1, 2]), [])
})

test('there are at most so many: the newest', () => {
  const { messages } = lost(3)
  messages.add([1, 2])
  messages.add([3, 4, 5])
  assert.deepEqual(messages.recognise([1, 2, 3, 4, 5]), [2, 3, 4])
})
