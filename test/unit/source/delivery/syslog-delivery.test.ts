import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyslogDelivery } from '../../../../src/source/delivery/syslog-delivery.ts'

test('the length of the address and the address, then each record behind its length and what its time is moved by', () => {
  const delivery = new SyslogDelivery()
  delivery.begin('192.0.2.9')
  delivery.add(Buffer.from('xabcx'), 1, 4, 0)
  delivery.add(Buffer.from(''), 0, 0, 7)
  assert.equal(delivery.records, 2)
  assert.equal(Buffer.from(delivery.message).toString('latin1'), '\x09192.0.2.9\0\0\0\x03\0\0\0\0abc\0\0\0\0\0\0\0\x07')
  delivery.begin('')
  assert.deepEqual([delivery.records, [...delivery.message]], [0, [0]])
})

test('a delivery of any size', () => {
  const delivery = new SyslogDelivery()
  const record = Buffer.alloc(100_000, 'x')
  delivery.begin('::1')
  for (let i = 0; i < 10; i++) delivery.add(record, 0, record.length, 0)
  const message = Buffer.from(delivery.message)
  assert.equal(message.length, 4 + 10 * (8 + record.length))
  for (let i = 0; i < 10; i++) assert.ok(message.subarray(4 + i * 100_008 + 8, 4 + (i + 1) * 100_008).equals(record))
})
