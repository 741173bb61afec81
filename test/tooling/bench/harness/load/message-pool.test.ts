import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPool, findDigits, NUMBER_BYTES, recordsOf, TIMESTAMP_BYTES } from '../../../../../bench/harness/load/message-pool.ts'
import { encodeMessage } from '../../../../../src/generator/message.ts'

interface LogRecord { '@timestamp': string, host: string, message: string }

function parse (message: Buffer): LogRecord[] {
  return [...recordsOf(message)].map(({ start, end }) => JSON.parse(message.toString('utf8', start, end)) as LogRecord)
}

test('message i is of host i modulo hosts, with as many records as asked for, and the digits are where they are said to be', () => {
  const hosts = 7
  const { messages } = createPool({ recordsPerMessage: 9, hosts })
  assert.equal(messages.length % hosts, 0)
  const hostOf = new Map<number, string>()
  for (const [index, { bytes, times, numbers }] of messages.entries()) {
    const records = parse(bytes)
    assert.equal(records.length, 9)
    for (const [i, record] of records.entries()) {
      assert.equal(record.host, hostOf.get(index % hosts) ?? record.host)
      hostOf.set(index % hosts, record.host)
      assert.equal(bytes.toString('latin1', times[i], times[i] + TIMESTAMP_BYTES), record['@timestamp'].slice(0, TIMESTAMP_BYTES))
      assert.equal(bytes.toString('latin1', numbers[i], numbers[i] + NUMBER_BYTES), record.message.slice(-NUMBER_BYTES))
    }
  }
  assert.equal(new Set(hostOf.values()).size, hosts)
})

test('the records are about as long as those that were measured in the field', () => {
  const lengths = createPool({
    recordsPerMessage: 100, hosts: 100
  }).messages.flatMap(({ bytes }) => [...recordsOf(bytes)].map(({ start, end }) => end - start))
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
  assert.ok(mean > 500 && mean < 550, `${mean} bytes`)
})

test('the same options make the same pool, but for the times', () => {
  const lines = (): string[] =>
    createPool({ recordsPerMessage: 4, hosts: 3 }).messages.flatMap(({ bytes }) => parse(bytes).map(({ host }) => host))
  assert.deepEqual(lines(), lines())
})

test('a record without a number to change is refused', () => {
  assert.throws(() => findDigits(encodeMessage([Buffer.from('{"@timestamp":"2026-11-22T08:00:00.123456+00:00", "message":"no number"}\n')])), /without a time or a number/)
})
