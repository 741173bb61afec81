import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ticket } from '../../../src/ack/ticket.ts'
import { nextPush } from '../../../src/sink/next-push.ts'
import { PartQueue } from '../../../src/sink/part-queue.ts'
import type { Part } from '../../../src/worker/messages/tasks.ts'

function queueOf (...isNew: boolean[]): PartQueue {
  const queue = new PartQueue()
  for (const one of isNew) {
    const part: Part = {
      address: 'a',
      tenant: 't',
      shard: 0,
      body: Uint8Array.of(1),
      rawBytes: 1,
      records: 1,
      solo: false,
      quarantine: false,
      ...one ? { newStream: { slot: 0, id: 0, safeUntilMs: 0 } } : {}
    }
    queue.push({ part, ticket: new Ticket(1, () => {}) })
  }
  return queue
}

test('a push is told how many new streams it has already, and ends before one too many', () => {
  const most = (streams: number) => (part: Part, newBefore: number): boolean => part.newStream !== undefined && newBefore >= streams
  assert.equal(nextPush(queueOf(true, false, true, true, false), 100, most(2)).length, 3)
  assert.equal(nextPush(queueOf(true, false, true, true, false), 100, most(3)).length, 5)
  assert.equal(nextPush(queueOf(true, false), 100, most(0)).length, 1, 'alone')
})
