import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fingerprint } from '../../../src/batch/fingerprint.ts'
import { message, record } from '../../helpers/messages.ts'

test('equal bytes have an equal fingerprint, wherever they lie', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (bytes, offset) => {
    const moved = new Uint8Array(new ArrayBuffer(offset + bytes.length + 9).slice(0)).fill(0xff)
    moved.set(bytes, offset)
    assert.equal(fingerprint(moved.subarray(offset, offset + bytes.length)), fingerprint(bytes))
  }))
})

test('messages of one length that differ in a microsecond, and in no other byte, differ', () => {
  const at = (micros: number): number => {
    const timestamp = `2026-11-22T08:13:28.${String(micros).padStart(6, '0')}+00:00`
    return fingerprint(message([record({ timestamp, message: 'all the same' })]))
  }
  assert.equal(new Set(Array.from({ length: 10_000 }, (_, micros) => at(micros))).size, 10_000)
})

test('messages of other lengths differ', () => {
  const bytes = new Uint8Array(1_000)
  assert.equal(new Set(Array.from({ length: 1_000 }, (_, length) => fingerprint(bytes.subarray(0, length)))).size, 1_000)
})
