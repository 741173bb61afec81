import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readSyslogRecords } from '../../../../src/worker/input/syslog-records.ts'
import { scaled } from '../../../helpers/scaled.ts'
import { syslogDelivery } from '../../../helpers/syslog-delivery.ts'

type Found = Array<[kind: string, text: string, later?: number]>

/** Reads a delivery that lies between other bytes. */
function read (delivery: Buffer): Found {
  const bytes = Buffer.concat([Buffer.alloc(3, 1), delivery, Buffer.alloc(300, 1)])
  const found: Found = []
  const text = (start: number, end: number): string => bytes.toString('latin1', start, end)
  readSyslogRecords(bytes, 3, 3 + delivery.length, {
    peer: (start, end) => found.push(['peer', text(start, end)]),
    syslogRecord: (start, end, later) => found.push(['record', text(start, end), later]),
    record: () => assert.fail('no record of the bus'),
    bad: (start, end) => found.push(['bad', text(start, end)])
  })
  return found
}

test('the address, then each record', () => {
  assert.deepEqual(read(syslogDelivery(['one', ['two', 4_000_000_000], ''], '::1')), [
    ['peer', '::1'], ['record', 'one', 0], ['record', 'two', 4_000_000_000], ['record', '', 0]
  ])
  assert.deepEqual(read(syslogDelivery(['one'], '')), [['peer', ''], ['record', 'one', 0]])
  assert.deepEqual(read(syslogDelivery([], '::1')), [['peer', '::1']])
})

test('a delivery that is cut: its whole records, and the rest as bad', () => {
  const delivery = syslogDelivery(['one', 'two'], '::1')
  for (let cut = 0; cut < delivery.length; cut++) {
    const found = read(delivery.subarray(0, cut))
    const whole = cut < 4 ? 0 : 1 + Math.floor((cut - 4) / 11)
    assert.deepEqual(found.slice(0, whole), read(delivery).slice(0, whole), `cut at ${cut}`)
    const isBetween = cut >= 4 && (cut - 4) % 11 === 0
    assert.deepEqual(found.slice(whole).map(([kind]) => kind), isBetween ? [] : ['bad'], `cut at ${cut}`)
  }
})

test('any bytes: never read beyond the end, and all are found', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
    const found = read(Buffer.from(bytes))
    const length = found.reduce((sum, [kind, text]) => sum + text.length + (kind === 'peer' ? 1 : kind === 'record' ? 8 : 0), 0)
    assert.equal(length, bytes.length)
  }), { numRuns: scaled(5000) })
})
