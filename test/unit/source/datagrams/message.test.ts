import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATAGRAM_COST, DatagramMessage, MAX_DATAGRAM, MAX_MESSAGE_COST, MESSAGE_COST } from '../../../../src/source/datagrams/message.ts'
import { readSyslogRecords } from '../../../../src/worker/input/syslog-records.ts'

function recordsOf (message: Uint8Array): string[] {
  const bytes = Buffer.from(message)
  const records: string[] = []
  const text = (start: number, end: number): string => bytes.toString('latin1', start, end)
  readSyslogRecords(bytes, 0, bytes.length, {
    peer: (start, end) => { if (end > start) records.push(`from ${text(start, end)}`) },
    syslogRecord: (start, end) => { records.push(text(start, end)) },
    record: () => assert.fail(),
    bad: () => assert.fail()
  })
  return records
}

test('what is no JSON may lack its host, so records of one host stand together', () => {
  const gathered = new DatagramMessage()
  const json = Buffer.from('{}')
  const text = Buffer.from('<13>a')
  gathered.add(json, '192.0.2.1')
  assert.ok(gathered.suits(text, '192.0.2.2'))
  gathered.add(text, '192.0.2.2')
  assert.deepEqual([gathered.suits(text, '192.0.2.3'), gathered.suits(text, '192.0.2.2'), gathered.suits(json, '192.0.2.3')], [false, true, true])
  gathered.add(json, '192.0.2.3')
  assert.deepEqual(recordsOf(gathered.take().message), ['from 192.0.2.2', '{}', '<13>a', '{}'])
  assert.ok(gathered.suits(text, '192.0.2.3'))
})

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
