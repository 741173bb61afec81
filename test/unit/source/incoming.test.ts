import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Receiver } from 'rhea'
import { LokeanError } from '../../../src/errors.ts'
import { Budget } from '../../../src/source/budget.ts'
import { DELIVERY_BYTES, FRAME_BYTES } from '../../../src/source/credit.ts'
import { Incoming } from '../../../src/source/incoming.ts'

/** The largest payload that a frame of the window may have. */
const PAYLOAD = FRAME_BYTES - DELIVERY_BYTES

interface Transfer { id?: number | null, more?: boolean, aborted?: boolean, payload?: Uint8Array }

function bench (limit = 8 * FRAME_BYTES) {
  const budget = new Budget('logs', limit)
  const deliveries: Array<{ id: number, content: string, bytes: number }> = []
  const costs: number[] = []
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
  const incoming = new Incoming({
    budget,
    onDelivery: (id, message, cost) => {
      deliveries.push({ id, content: Buffer.from(message).toString(), bytes: message.length })
      costs.push(cost)
    },
    onTooLarge: bytes => { tooLarge.push(bytes) }
  })
  incoming.on_begin({ next_outgoing_id: 0 })
  return {
    budget,
    deliveries,
    costs,
    tooLarge,
    link,
    incoming,
    open: () => { incoming.open(receiver) },
    transfer: ({ id, more, aborted, payload }: Transfer) => { incoming.on_transfer({ performative: { handle: 0, delivery_id: id as number, more, aborted }, payload }) },
    /** What would go out now. */
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
  assert.deepEqual([incoming.window, incoming.credit, link.credit, link.issue_flow], [0, 0, 0, false])
  open()
  assert.deepEqual([incoming.window, incoming.credit, link.credit, link.issue_flow, link.registered], [10, 10, 10, true, 1])
})

test('grants are worth a frame: half of what is possible has to be used up', () => {
  const { incoming, open, link, transfer, budget } = bench(10 * FRAME_BYTES)
  open()
  link.issue_flow = false
  const full = Buffer.alloc(PAYLOAD)
  for (let id = 0; id < 10; id++) transfer({ id, payload: full })
  assert.deepEqual([incoming.window, link.credit, link.issue_flow], [0, 0, false])
  budget.give(FRAME_BYTES)
  incoming.grant()
  assert.deepEqual([incoming.window, link.credit, link.issue_flow], [1, 1, true])
  link.issue_flow = false
  budget.give(FRAME_BYTES)
  incoming.grant()
  assert.equal(link.issue_flow, true)
  link.issue_flow = false
  budget.give(FRAME_BYTES)
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
  budget.give(6 + DELIVERY_BYTES)
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
  budget.give(4)
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
      budget.give(costs[settled++])
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
  incoming.on_transfer({ performative: { handle: 0, delivery_id: 0 }, payload: bytes('x') })
  assert.equal(receiver.delivery_count, 8)
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
