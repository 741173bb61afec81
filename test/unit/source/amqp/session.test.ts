import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import type { Receiver } from 'rhea'
import { LokeanError } from '../../../../src/errors.ts'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { DELIVERY_BYTES, FRAME_BYTES } from '../../../../src/source/amqp/credit.ts'
import { ReceivingSession } from '../../../../src/source/amqp/session.ts'
import { readTransfer } from '../../../../src/source/amqp/transfer.ts'
import { transferFrame } from './transfer-frame.ts'

const rhea: {
  read_frame (
    frame: Buffer
  ): Parameters<ReceivingSession['on_transfer']>[0]
} = createRequire(import.meta.url)('rhea/lib/frames.js')

/** The largest payload of a frame in the window. */
const PAYLOAD = FRAME_BYTES - DELIVERY_BYTES

interface Transfer { id?: number | null, more?: boolean, aborted?: boolean, payload?: Uint8Array }

/** `past`: without rhea, like most transfers. `through`: by rhea's reader, like unusual ones. */
type Way = 'past' | 'through'

function take (incoming: ReceivingSession, { id, ...rest }: Transfer, way: Way): void {
  const said = { ...rest, id: id ?? undefined }
  // A state makes our reader leave the frame to rhea, though a sender may leave the state out. rhea does not read a
  // long boolean as a boolean.
  const frame = transferFrame(said, way === 'past' ? {} : { state: 'accepted', flag: 'long' })
  const transfer = readTransfer(frame)
  assert.equal(transfer === undefined, way === 'through')
  if (transfer === undefined) incoming.on_transfer(rhea.read_frame(frame))
  else {
    assert.ok(incoming.takes(transfer.handle))
    incoming.transfer(transfer)
  }
  // The socket's buffer is used again.
  frame.fill(0xff)
}

function bench (limit = 8 * FRAME_BYTES, failsOn?: number) {
  const budget = new Budget('logs', limit)
  const deliveries: Array<{ id: number, content: string, bytes: number }> = []
  const costs: number[] = []
  const whole: Buffer[] = []
  const memory: number[] = []
  let frames = 0
  const tooLarge: number[] = []
  const link = {
    credit: 0,
    delivery_count: 0,
    issue_flow: false,
    remote: { attach: { handle: 0 } },
    registered: 0,
    connection: { _register: () => { link.registered++ } }
  }
  const receiver = link as unknown as Receiver
  const incoming = new ReceivingSession({
    budget,
    onDelivery: (id, message, cost) => {
      if (id === failsOn) throw new RangeError('no memory for it')
      deliveries.push({ id, content: Buffer.from(message).toString(), bytes: message.length })
      costs.push(cost)
      whole.push(Buffer.from(message))
      memory.push(message.buffer.byteLength)
    },
    onTooLarge: bytes => { tooLarge.push(bytes) }
  })
  incoming.on_begin({ next_outgoing_id: 0 })
  return {
    budget,
    deliveries,
    costs,
    /** The messages, and the size of the memory that each was handed over in. */
    whole,
    memory,
    tooLarge,
    link,
    incoming,
    open: () => { incoming.open(receiver) },
    /** Every other frame goes through rhea's reader. */
    transfer: (one: Transfer, way: Way = frames++ % 2 === 0 ? 'past' : 'through') => { take(incoming, one, way) },
    /** Returns the frames that would be sent now. */
    written: () => {
      const frames: Array<{ role: boolean, first: number, last: number, settled: boolean, state: unknown }> = []
      incoming.process({ output: frame => { frames.push(frame as never) } })
      return frames.map(({ role, first, last, settled }) => ({ role, first, last, settled }))
    }
  }
}

const bytes = (text: string): Buffer => Buffer.from(text)

function isBusError (error: unknown): boolean {
  return error instanceof LokeanError && error.code === 'LOKEAN_BUS' && error.retryable
}

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

test('nothing is granted before the link is open; then all there is room for', () => {
  const { incoming, open, link } = bench(10 * FRAME_BYTES + 1)
  incoming.grant()
  assert.deepEqual([incoming.window, incoming.credit, link.credit, link.issue_flow], [10, 0, 0, false], 'the window of the begin frame')
  open()
  assert.deepEqual([incoming.window, incoming.credit, link.credit, link.issue_flow, link.registered], [10, 10, 10, true, 1])
})

test('the session is begun with the window of the whole budget, whatever is free of it, and never with 0', () => {
  const { incoming, open, link } = bench(FRAME_BYTES - 1)
  assert.equal(incoming.window, 1)
  open()
  assert.deepEqual([incoming.credit, link.credit, link.issue_flow], [0, 0, false])
  const budget = new Budget('logs', 4 * FRAME_BYTES)
  budget.lease(4 * FRAME_BYTES)
  assert.equal(new ReceivingSession({ budget, onDelivery: () => {}, onTooLarge: () => {} }).window, 4)
})

test('grants are worth a frame: half of what is possible has to be used up', () => {
  const { incoming, open, link, transfer, budget } = bench(10 * FRAME_BYTES)
  open()
  link.issue_flow = false
  const full = Buffer.alloc(PAYLOAD)
  for (let id = 0; id < 10; id++) transfer({ id, payload: full })
  assert.deepEqual([incoming.window, link.credit, link.issue_flow], [0, 0, false])
  budget.release(FRAME_BYTES)
  incoming.grant()
  assert.deepEqual([incoming.window, link.credit, link.issue_flow], [1, 1, true])
  link.issue_flow = false
  budget.release(FRAME_BYTES)
  incoming.grant()
  assert.equal(link.issue_flow, true)
  link.issue_flow = false
  budget.release(FRAME_BYTES)
  incoming.grant()
  assert.deepEqual([incoming.window, link.issue_flow], [2, false])
})

test('small messages use up credit, not budget, and get credit again', () => {
  const { open, link, transfer } = bench(10 * FRAME_BYTES)
  open()
  for (let id = 0; id < 100; id++) {
    transfer({ id, payload: bytes('x') })
    assert.ok(link.credit >= 4, `${link.credit} after ${id}`)
  }
})

test('a delivery that no budget holds is told once, gives back what it took, and is not heard any more', () => {
  const { open, transfer, tooLarge, budget, deliveries, link, incoming } = bench(4 * FRAME_BYTES)
  open()
  transfer({ id: 0, payload: bytes('before') })
  for (let i = 0; i < 3; i++) transfer({ id: 1, more: true, payload: Buffer.alloc(FRAME_BYTES - 100) })
  assert.deepEqual(tooLarge, [])
  budget.release(6 + DELIVERY_BYTES)
  transfer({ id: 1, more: true, payload: Buffer.alloc(FRAME_BYTES - 100) })
  assert.deepEqual(tooLarge, [4 * (FRAME_BYTES - 100)])
  assert.equal(budget.used, 0)
  link.issue_flow = false
  transfer({ id: 1, more: true, payload: Buffer.alloc(FRAME_BYTES) })
  transfer({ id: 1, payload: Buffer.alloc(FRAME_BYTES) })
  incoming.grant()
  assert.deepEqual([tooLarge.length, budget.used, deliveries.length, link.issue_flow], [1, 0, 1, false])
})

test('a bus that sends more than it was allowed to is cut off before the budget is overdrawn', () => {
  const { open, transfer, budget } = bench(2 * FRAME_BYTES)
  open()
  transfer({ id: 0, payload: Buffer.alloc(PAYLOAD) })
  transfer({ id: 1, payload: Buffer.alloc(PAYLOAD) })
  assert.throws(() => transfer({ id: 2, payload: bytes('x') }), isBusError)
  assert.equal(budget.used, 2 * FRAME_BYTES)
})

test('stop takes back the credit; what is on its way still comes', () => {
  const { open, incoming, link, transfer, deliveries, budget } = bench()
  incoming.stop()
  assert.equal(link.issue_flow, false)
  open()
  link.issue_flow = false
  incoming.stop()
  assert.deepEqual([link.credit, incoming.credit, link.issue_flow], [0, 0, true])
  link.issue_flow = false
  transfer({ id: 0, payload: bytes('late') })
  assert.deepEqual(deliveries.map(({ content }) => content), ['late'])
  budget.release(4)
  incoming.grant()
  assert.deepEqual([link.credit, link.issue_flow], [0, false])
})

test('what is abandoned half way gives its bytes back, once', () => {
  const { open, transfer, incoming, budget } = bench()
  open()
  transfer({ id: 0, payload: bytes('whole') })
  transfer({ id: 1, more: true, payload: bytes('half') })
  assert.equal(budget.used, 9 + DELIVERY_BYTES)
  incoming.abandon()
  incoming.abandon()
  assert.equal(budget.used, 5 + DELIVERY_BYTES)
})

test('a bus that keeps to what it was granted never overdraws the budget, and is never left without credit for good', () => {
  const message = fc.array(fc.integer({ min: 0, max: PAYLOAD }), { minLength: 1, maxLength: 5 })
  const step = fc.oneof({ weight: 3, arbitrary: message }, { weight: 2, arbitrary: fc.nat() })
  fc.assert(fc.property(fc.integer({ min: 6 * FRAME_BYTES, max: 30 * FRAME_BYTES }), fc.array(step, { maxLength: 80 }), (limit, steps) => {
    const { open, incoming, transfer, budget, deliveries, costs, link, tooLarge } = bench(limit)
    open()
    let id = 0
    let settled = 0
    const check = (): void => {
      assert.ok(incoming.window * FRAME_BYTES + budget.used <= limit)
      assert.ok(link.credit <= Math.floor(limit / FRAME_BYTES))
    }
    const settle = (): boolean => {
      if (settled === deliveries.length) return false
      budget.release(costs[settled++])
      incoming.grant()
      check()
      return true
    }
    for (const one of steps) {
      if (typeof one === 'number') settle()
      else {
        while (link.credit === 0) assert.ok(settle(), 'no credit though all is settled')
        for (const [i, size] of one.entries()) {
          while (incoming.window === 0) assert.ok(settle(), 'no window though all is settled')
          transfer({ id, more: i + 1 < one.length, payload: Buffer.alloc(size) })
          check()
        }
        id = (id + 1) >>> 0
      }
    }
    while (settle());
    assert.deepEqual([budget.used, tooLarge, deliveries.length], [0, [], id])
  }))
})

test('credit is counted from where the sender starts', () => {
  const { incoming, link } = bench()
  const receiver = { ...link, remote: { attach: { handle: 0, initial_delivery_count: 7 } } }
  incoming.open(receiver as unknown as Receiver)
  for (const way of ['past', 'through'] as const) take(incoming, { id: receiver.delivery_count - 7, payload: bytes('x') }, way)
  assert.equal(receiver.delivery_count, 9)
})

test('once closed, nothing that still comes is taken from the budget', () => {
  const { open, transfer, incoming, budget, deliveries } = bench()
  open()
  transfer({ id: 0, more: true, payload: bytes('half') })
  incoming.close()
  transfer({ id: 0, payload: bytes('rest') })
  transfer({ id: 1, more: true, payload: bytes('next') })
  assert.deepEqual([budget.used, deliveries], [0, []])
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

test('what is taken from the budget is exactly what is unsettled and what has come of the delivery at hand', () => {
  const part = fc.record({ size: fc.integer({ min: 0, max: 3_000 }), way: fc.constantFrom<Way>('past', 'through') })
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ parts: fc.array(part, { minLength: 1, maxLength: 5 }), aborted: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ settle: fc.nat() }) }
  )
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.option(part, { nil: undefined }), (steps, cutOff) => {
    const { open, transfer, incoming, budget, costs, deliveries, link } = bench(64 * FRAME_BYTES)
    open()
    const unsettled: number[] = []
    let partial = 0
    let id = 0xfffffffe
    let taken = 0
    incoming.on_begin({ next_outgoing_id: id })
    const check = (): void => {
      for (; taken < costs.length; taken++) unsettled.push(costs[taken])
      assert.equal(budget.used, unsettled.reduce((sum, cost) => sum + cost, 0) + partial)
      assert.ok(incoming.window * FRAME_BYTES + budget.used <= budget.limit)
    }
    for (const one of steps) {
      if ('settle' in one) {
        if (unsettled.length === 0) continue
        budget.release(unsettled.splice(one.settle % unsettled.length, 1)[0])
        incoming.grant()
      } else {
        const { parts, aborted } = one
        for (const [i, { size, way }] of parts.entries()) {
          const last = i + 1 === parts.length
          partial = last ? 0 : partial + size
          transfer({ id, more: !last, aborted: last && aborted, payload: Buffer.alloc(size) }, way)
          if (last && !aborted) {
            assert.deepEqual([
              costs.length, costs.at(-1)
            ], [deliveries.length, parts.reduce((sum, { size }) => sum + size, 0) + DELIVERY_BYTES])
          }
          check()
        }
        id = (id + 1) >>> 0
      }
      check()
    }
    assert.equal(link.delivery_count, (id - 0xfffffffe) >>> 0)
    if (cutOff !== undefined) {
      transfer({ id, more: true, payload: Buffer.alloc(cutOff.size) }, cutOff.way)
      partial = cutOff.size
      check()
    }
    incoming.close()
    partial = 0
    check()
  }))
})
