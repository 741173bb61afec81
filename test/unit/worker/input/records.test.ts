import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readRecords } from '../../../../src/worker/input/records.ts'

function read (bytes: Uint8Array, start = 0, end = bytes.length): { records: string[], bad: Array<[number, number]> } {
  const found = { records: [] as string[], bad: [] as Array<[number, number]> }
  readRecords(bytes, start, end, {
    record: (from, to) => { found.records.push(Buffer.from(bytes.subarray(from, to)).toString('latin1')) },
    bad: (from, to) => { found.bad.push([from, to]) }
  })
  return found
}

function written (records: readonly Uint8Array[]): Buffer {
  return Buffer.concat(records.flatMap(record => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(record.length)
    return [length, record]
  }))
}

test('any records come out as they went in, wherever they lie', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.nat(9), fc.nat(9), (records, before, behind) => {
    const bytes = Buffer.concat([Buffer.alloc(before, 0xff), written(records), Buffer.alloc(behind, 0xff)])
    const found = read(bytes, before, bytes.length - behind)
    assert.deepEqual(found, { records: records.map(record => Buffer.from(record).toString('latin1')), bad: [] })
  }))
})

test('a delivery that is cut anywhere gives its whole records, and the rest as bad', () => {
  const records = ['', 'one', 'x'.repeat(260)].map(text => Buffer.from(text))
  const bytes = written(records)
  const ends = [4, 11, bytes.length]
  for (let end = 0; end <= bytes.length; end++) {
    const whole = ends.filter(one => one <= end).length
    const from = ends[whole - 1] ?? 0
    assert.deepEqual(read(bytes, 0, end), { records: records.slice(0, whole).map(String), bad: from === end ? [] : [[from, end]] })
  }
})

test('a length beyond the end, up to four billion, is bad from there', () => {
  for (const length of [1, 0x7fffffff, 0x80000000, 0xffffffff]) {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(length)
    assert.deepEqual(read(bytes), { records: [], bad: [[0, 4]] })
  }
})
