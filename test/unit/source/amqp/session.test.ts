import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { DELIVERY_BYTES, FRAME_BYTES } from '../../../../src/source/amqp/credit.ts'
import { bench, bytes, isBusError, PAYLOAD, rhea } from './session-bench.ts'
import { transferFrame } from './transfer-frame.ts'

test('a delivery of one frame', () => {
  const { open, transfer, deliveries, budget, link } = bench()
  open()
  transfer({ id: 0, payload: bytes('one') })
  transfer({ id: 1, more: false, payload: bytes('two') })
  assert.deepEqual(deliveries, [{ id: 0, content: 'one', bytes: 3 }, { id: 1, content: 'two', bytes: 3 }])
  assert.equal(budget.used, 6 + 2 * DELIVERY_BYTES)
  assert.equal(link.delivery_count, 2)
})

test('a delivery of many frames, which may repeat its id or leave it out', () => {
  const { open, transfer, deliveries, budget, link, incoming } = bench()
  open()
  transfer({ id: 5, more: true, payload: bytes('a') })
  transfer({ id: 5, more: true, payload: bytes('b') })
  transfer({ more: true, payload: bytes('c') })
  transfer({ id: null, more: true })
  assert.equal(budget.used, 3)
  assert.deepEqual([deliveries, link.delivery_count], [[], 0])
  transfer({ payload: bytes('d') })
  assert.deepEqual(deliveries, [{ id: 5, content: 'abcd', bytes: 4 }])
  assert.deepEqual([link.delivery_count, incoming.next_transfer_id], [1, 5])
})

test('a delivery without any bytes', () => {
  const { open, transfer, deliveries } = bench()
  open()
  transfer({ id: 0 })
  assert.deepEqual(deliveries, [{ id: 0, content: '', bytes: 0 }])
})

test('a delivery that cannot be taken over gives its bytes back, and the error goes on to the connection', () => {
  const { budget, open, transfer, deliveries } = bench(8 * FRAME_BYTES, 1)
  open()
  transfer({ id: 0, payload: Buffer.alloc(10) })
  const used = budget.used
  transfer({ id: 1, more: true, payload: Buffer.alloc(1000) })
  assert.throws(() => transfer({ payload: Buffer.alloc(1000) }), /no memory for it/)
  assert.equal(budget.used, used)
  assert.deepEqual(deliveries.map(({ id }) => id), [0])
})

test('an aborted delivery is none, and gives its bytes back', () => {
  const { open, transfer, deliveries, budget, link } = bench()
  open()
  transfer({ id: 0, more: true, payload: bytes('half') })
  transfer({ id: 0, aborted: true })
  transfer({ id: 1, more: true, payload: bytes('half') })
  transfer({ id: 1, more: true, aborted: true, payload: bytes('ignored') })
  transfer({ id: 2, payload: bytes('whole') })
  assert.deepEqual(deliveries, [{ id: 2, content: 'whole', bytes: 5 }])
  assert.deepEqual([budget.used, link.delivery_count], [5 + DELIVERY_BYTES, 3])
})

test('ids go on over 2^32', () => {
  const { open, transfer, deliveries, incoming } = bench()
  incoming.on_begin({ next_outgoing_id: 0xfffffffe })
  open()
  for (const id of [0xfffffffe, 0xffffffff, 0, 1]) transfer({ id, payload: bytes('x') })
  assert.deepEqual(deliveries.map(({ id }) => id), [0xfffffffe, 0xffffffff, 0, 1])
  assert.equal(incoming.next_transfer_id, 2)
})

for (const [what, ids] of Object.entries({ 'an id left out': [0, 2], 'an id twice': [3, 3], 'an id from before': [7, 6] })) {
  test(`${what} is an error of the bus`, () => {
    const { open, transfer, deliveries } = bench()
    open()
    transfer({ id: ids[0], payload: bytes('x') })
    assert.throws(() => transfer({ id: ids[1], payload: bytes('y') }), isBusError)
    assert.equal(deliveries.length, 1)
  })
}

test('another delivery before the end of one, and a first one without an id, are errors of the bus', () => {
  const interleaved = bench()
  interleaved.open()
  interleaved.transfer({ id: 0, more: true, payload: bytes('x') })
  assert.throws(() => interleaved.transfer({ id: 1, payload: bytes('y') }), isBusError)
  const nameless = bench()
  nameless.open()
  assert.throws(() => nameless.transfer({ payload: bytes('x') }), isBusError)
})

test('dispositions are written as they are, one a range, when the session is processed', () => {
  const { incoming, written } = bench()
  assert.deepEqual(written(), [])
  incoming.settle([[0, 5], [7, 7]])
  incoming.settle([[0xffffffff, 2]])
  assert.deepEqual(written(), [
    { role: true, first: 0, last: 5, settled: true },
    { role: true, first: 7, last: 7, settled: true },
    { role: true, first: 0xffffffff, last: 2, settled: true }
  ])
  assert.deepEqual(written(), [])
})

for (const way of ['past', 'through'] as const) {
  test(`frames that go ${way} rhea's reader are joined byte for byte`, () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 12 })
    fc.assert(fc.property(fc.array(payloads, { maxLength: 12 }), messages => {
      const { open, transfer, whole } = bench(16 * FRAME_BYTES)
      open()
      for (const [id, parts] of messages.entries()) {
        for (const [i, payload] of parts.entries()) {
          transfer({ id: i === 0 || i % 3 === 0 ? id : undefined, more: i + 1 < parts.length, payload }, way)
        }
      }
      assert.deepEqual(whole.map(message => message.toString('hex')), messages.map(parts => Buffer.concat(parts).toString('hex')))
    }))
  })
}

test('a long delivery is joined byte for byte, while its memory grows', () => {
  const { open, transfer, whole, memory } = bench(128 * FRAME_BYTES)
  open()
  const message = Buffer.from(Uint8Array.from({ length: 3_000_001 }, (_, i) => (Math.imul(i, 2654435761) >>> 11) & 0xff))
  for (let at = 0; at < message.length; at += 61_000) {
    transfer({ id: 0, more: at + 61_000 < message.length, payload: message.subarray(at, at + 61_000) })
  }
  assert.ok(whole[0].equals(message))
  assert.ok(memory[0] < 3 * message.length, `${memory[0]} bytes for it`)
})

const MIB = 2 ** 20

/** Returns the size of the memory in which the next message, of two small frames, is handed over. */
function memoryBehind (before: (one: ReturnType<typeof bench>) => void): number {
  const one = bench(4 * MIB)
  one.open()
  one.transfer({ id: 0, more: true, payload: bytes('a') })
  one.transfer({ id: 0, payload: bytes('b') })
  before(one)
  one.transfer({ id: 2, more: true, payload: bytes('c') })
  one.transfer({ id: 2, payload: bytes('d') })
  return one.memory.at(-1) as number
}

function large ({ transfer }: ReturnType<typeof bench>, size: number): void {
  for (let sent = 0; sent < size; sent += PAYLOAD) transfer({ id: 1, more: true, payload: Buffer.alloc(Math.min(PAYLOAD, size - sent)) })
}

test('what a large delivery took is given back behind it, however it ended; what a usual one took is used again', () => {
  const ends: Record<string, (one: ReturnType<typeof bench>) => void> = {
    whole: ({ transfer }) => { transfer({ id: 1, payload: bytes('end') }) },
    aborted: ({ transfer }) => { transfer({ id: 1, aborted: true }) }
  }
  for (const [how, end] of Object.entries(ends)) {
    const usual = memoryBehind(one => { large(one, MIB / 2); end(one) })
    assert.ok(usual >= MIB / 2 && usual <= 2 * MIB, `${usual} bytes behind half a mebibyte, ${how}`)
    const least = memoryBehind(one => { large(one, 3 * MIB); end(one) })
    assert.ok(least <= MIB / 2, `${least} bytes behind three mebibytes, ${how}`)
  }
})

test('a transfer over a link that the bus opened within the session is not taken for one of ours', () => {
  const { open, incoming, deliveries, budget } = bench()
  assert.equal(incoming.takes(0), false)
  open()
  assert.deepEqual([incoming.takes(0), incoming.takes(1), incoming.takes(0xffffffff)], [true, false, false])
  const foreign = rhea.read_frame(transferFrame({ handle: 1, id: 0, payload: bytes('not asked for') }))
  assert.throws(() => incoming.on_transfer(foreign), isBusError)
  assert.deepEqual([deliveries, budget.used], [[], 0])
})
