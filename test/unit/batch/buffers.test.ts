import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Buffers } from '../../../src/batch/buffers.ts'

test('leases a buffer that was released before it makes a new one', () => {
  const buffers = new Buffers(1024, 2)
  const first = buffers.lease(10)
  const second = buffers.lease(1024)
  assert.equal(Buffers.room(first), 1024)
  assert.notEqual(first, second)
  buffers.release(first)
  assert.equal(buffers.lease(0), first)
})

test('what is larger than usual gets a buffer of its own size, which is not kept', () => {
  const buffers = new Buffers(1024, 2)
  const large = buffers.lease(1025)
  assert.ok(Buffers.room(large) >= 1025)
  buffers.release(large)
  assert.equal(Buffers.room(buffers.lease(1)), 1024)
  assert.notEqual(buffers.lease(1025), large)
})

test('what is not in use can be freed, and what is in use is kept later', () => {
  const buffers = new Buffers(1024, 2)
  const [kept, freed] = [buffers.lease(1), buffers.lease(1)]
  buffers.release(freed)
  buffers.freeUnused()
  assert.ok(![kept, freed].includes(buffers.lease(1)))
  buffers.release(kept)
  assert.equal(buffers.lease(1), kept)
})

test('keeps no more than it was told to', () => {
  const buffers = new Buffers(16, 2)
  const used = [buffers.lease(1), buffers.lease(1), buffers.lease(1)]
  for (const buffer of used) buffers.release(buffer)
  const again = [buffers.lease(1), buffers.lease(1), buffers.lease(1)]
  assert.equal(again.filter(buffer => used.includes(buffer)).length, 2)
})

test('behind the messages there is half as much again, whatever the size', () => {
  for (const size of [0, 1, 2, 3, 63, 64, 65, 4_194_304, 4_194_305]) {
    const buffers = new Buffers(size, 1)
    const usual = buffers.lease(size)
    assert.ok(Buffers.room(usual) >= size && Buffers.room(usual) <= size + 1)
    assert.equal(usual.byteLength - Buffers.room(usual), Buffers.room(usual) / 2)
    buffers.release(usual)
    assert.equal(buffers.lease(size), usual, `a buffer for ${size} bytes is used again`)
  }
})

test('buffers are exhausted while more of them are in use than are kept, whatever their sizes', () => {
  const buffers = new Buffers(16, 2)
  const used = [buffers.lease(1), buffers.lease(100)]
  assert.equal(buffers.exhausted, false)
  used.push(buffers.lease(16))
  assert.equal(buffers.exhausted, true)
  buffers.release(used.pop() as SharedArrayBuffer)
  assert.equal(buffers.exhausted, false)
  used.push(buffers.lease(16), buffers.lease(16))
  assert.equal(buffers.exhausted, true)
  for (const buffer of used) buffers.release(buffer)
  assert.equal(buffers.exhausted, false)
})

test('a replacement holds the same messages in other memory, and is not kept when it is released', () => {
  const buffers = new Buffers(1024, 2)
  const first = buffers.lease(1)
  new Uint8Array(first).fill(7, 0, 500)
  const copy = buffers.replace(first, 500)
  assert.notEqual(copy, first)
  assert.deepEqual(Buffer.from(copy), Buffer.alloc(500, 7))
  buffers.release(copy)
  assert.ok(![first, copy].includes(buffers.lease(1)))
})
