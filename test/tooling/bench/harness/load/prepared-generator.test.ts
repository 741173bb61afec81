import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preparedGenerator } from '../../../../../bench/harness/load/prepared-generator.ts'
import { recordsOf } from '../../../../unit/generator/read-message.ts'

interface LogRecord { '@timestamp': string, host: string, message: string }

const read = (message: Buffer): LogRecord[] => recordsOf(message).map(record => JSON.parse(record.toString('utf8')) as LogRecord)

test('numbers follow each other, times increase, each message is of its host, and none changes the one before', () => {
  const start = Date.parse('2026-11-22T08:00:00Z')
  let clock = start
  const generator = preparedGenerator({ recordsPerMessage: 7, hosts: 5 }, () => clock)
  const messages = Array.from({ length: 40 }, (_, i) => {
    clock += i % 3 // the clock stands still now and then
    return generator.next(7, i % 5)
  })
  const records = messages.flatMap(({ message }) => read(message))
  assert.equal(generator.sent, 280)
  assert.deepEqual(records.map(({ message }) => Number(message.slice(-10))), Array.from({ length: 280 }, (_, i) => i))
  const times = records.map(record => record['@timestamp'].slice(0, 26))
  assert.deepEqual(times, [...new Set(times)].sort())
  assert.ok(Math.abs(Date.parse(`${times[0]}Z`) - start) < 10)
  for (const { message, host, records: count } of messages) {
    assert.equal(count, 7)
    assert.deepEqual([...new Set(read(message).map(record => record.host))], [generator.hosts[host].name])
  }
})

test('a host\'s messages are drawn: receivers that take turns see them all', () => {
  const hosts = 3
  const generator = preparedGenerator({ recordsPerMessage: 100, hosts })
  const text = ({ message }: { message: Buffer }): string => read(message).map(record => record.message.replace(/seq=\d+$/, '')).join()
  const all = Array.from({ length: 600 }, (_, i) => ({ host: i % hosts, receiver: i % 2, text: text(generator.next(100, i % hosts)) }))
  for (const receiver of [0, 1]) {
    assert.equal(new Set(all.filter(one => one.receiver === receiver).map(one => one.text)).size, new Set(all.map(one => one.text)).size)
  }
})

test('a message of fewer records than were prepared is refused', () => {
  assert.throws(() => preparedGenerator({ recordsPerMessage: 7, hosts: 1 }).next(6), RangeError)
})
