import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fingerprint } from '../../../../src/source/amqp/fingerprint.ts'
import { message, record } from '../../../helpers/messages.ts'

test('equal bytes have an equal fingerprint, wherever they lie', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (bytes, offset) => {
    const moved = new Uint8Array(offset + bytes.length + 9).fill(0xff)
    moved.set(bytes, offset)
    assert.equal(fingerprint(moved.subarray(offset, offset + bytes.length)), fingerprint(bytes))
  }))
})

test('messages of one length that differ in a microsecond, and in no other byte, differ', () => {
  const at = (micros: number): number => {
    const timestamp = `2026-11-22T08:13:28.${String(micros).padStart(6, '0')}+00:00`
    return fingerprint(message([record({ '@timestamp': timestamp, message: 'all the same' })]))
  }
  assert.equal(new Set(Array.from({ length: 10_000 }, (_, micros) => at(micros))).size, 10_000)
})

test('messages of other lengths differ', () => {
  const bytes = new Uint8Array(1_000)
  assert.equal(new Set(Array.from({ length: 1_000 }, (_, length) => fingerprint(bytes.subarray(0, length)))).size, 1_000)
})

test('what a bus writes in front of the bare message makes no difference', () => {
  const bare = message([record()]).subarray(4)
  const of = (front: string): number => fingerprint(Buffer.concat([Buffer.from(front, 'hex'), bare]))
  const annotations = ['005371c10100', '005372d10000000400000000']
  for (const front of ['00537045', '005370c00705404040405202', ...annotations, annotations.join('')]) assert.equal(of(front), of(''))
})
