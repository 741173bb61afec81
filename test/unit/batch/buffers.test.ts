import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Buffers } from '../../../src/batch/buffers.ts'

test('gives a buffer that was given back before it makes a new one', () => {
  const buffers = new Buffers(1024, 2)
  const first = buffers.take(10)
  const second = buffers.take(1024)
  assert.equal(Buffers.room(first), 1024)
  assert.notEqual(first, second)
  buffers.give(first)
  assert.equal(buffers.take(0), first)
})

test('what is larger than usual gets a buffer of its own size, which is not kept', () => {
  const buffers = new Buffers(1024, 2)
  const large = buffers.take(1025)
  assert.ok(Buffers.room(large) >= 1025)
  buffers.give(large)
  assert.equal(Buffers.room(buffers.take(1)), 1024)
  assert.notEqual(buffers.take(1025), large)
})

test('keeps no more than it was told to', () => {
  const buffers = new Buffers(16, 2)
  const used = [buffers.take(1), buffers.take(1), buffers.take(1)]
  for (const buffer of used) buffers.give(buffer)
  const again = [buffers.take(1), buffers.take(1), buffers.take(1)]
  assert.equal(again.filter(buffer => used.includes(buffer)).length, 2)
})
