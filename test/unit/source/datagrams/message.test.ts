import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATAGRAM_COST, DatagramMessage, MAX_DATAGRAM, MAX_MESSAGE_COST, MESSAGE_COST } from '../../../../src/source/datagrams/message.ts'
import { readRecords } from '../../../../src/worker/input/records.ts'

function recordsOf (message: Buffer): string[] {
  const records: string[] = []
  readRecords(message, 0, message.length, {
    record: (start, end) => { records.push(message.toString('latin1', start, end)) }, bad: () => assert.fail()
  })
  return records
}

test('what is gathered is one delivery, with its cost', () => {
  const gathered = new DatagramMessage()
  assert.deepEqual([gathered.empty, gathered.cost], [true, 0])
  for (const records of [['{"a":1}\n', '', 'x'.repeat(300)], ['again']]) {
    for (const record of records) gathered.add(Buffer.from(record))
    const bytes = records.join('').length
    assert.equal(gathered.cost, MESSAGE_COST + records.length * DATAGRAM_COST + bytes)
    const { message, cost } = gathered.take()
    assert.equal(cost, MESSAGE_COST + records.length * DATAGRAM_COST + bytes)
    assert.deepEqual(recordsOf(message), records)
    assert.deepEqual([gathered.empty, gathered.cost], [true, 0])
  }
})

for (const size of [0, 1, 500, MAX_DATAGRAM]) {
  test(`a message of datagrams of ${size} bytes is full before it costs more than is said`, () => {
    const gathered = new DatagramMessage()
    const record = Buffer.alloc(size)
    while (!gathered.full) gathered.add(record)
    assert.ok(gathered.cost <= MAX_MESSAGE_COST)
    assert.ok(gathered.take().message.length <= MAX_MESSAGE_COST, 'and is no longer than that')
  })
}
