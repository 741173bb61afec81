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

test('behind the messages there is half as much again, whatever the size', () => {
  for (const size of [0, 1, 2, 3, 63, 64, 65, 4_194_304, 4_194_305]) {
    const buffers = new Buffers(size, 1)
    const usual = buffers.take(size)
    assert.ok(Buffers.room(usual) >= size && Buffers.room(usual) <= size + 1)
    assert.equal(usual.byteLength - Buffers.room(usual), Buffers.room(usual) / 2)
    buffers.give(usual)
    assert.equal(buffers.take(size), usual, `a buffer for ${size} bytes is used again`)
  }
})

test('buffers are scarce while more of them are in use than are kept, whatever their sizes', () => {
  const buffers = new Buffers(16, 2)
  const used = [buffers.take(1), buffers.take(100)]
  assert.equal(buffers.scarce, false)
  used.push(buffers.take(16))
  assert.equal(buffers.scarce, true)
  buffers.give(used.pop() as SharedArrayBuffer)
  assert.equal(buffers.scarce, false)
  used.push(buffers.take(16), buffers.take(16))
  assert.equal(buffers.scarce, true)
  for (const buffer of used) buffers.give(buffer)
  assert.equal(buffers.scarce, false)
})

test('an exchanged buffer holds the same messages in other memory, and is not kept when it is given back', () => {
  const buffers = new Buffers(1024, 2)
  const first = buffers.take(1)
  new Uint8Array(first).fill(7, 0, 500)
  const copy = buffers.exchange(first, 500)
  assert.notEqual(copy, first)
  assert.deepEqual(Buffer.from(copy), Buffer.alloc(500, 7))
  buffers.give(copy)
  assert.ok(![first, copy].includes(buffers.take(1)))
})
