import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Receiver } from 'rhea'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { DELIVERY_BYTES, FRAME_BYTES } from '../../../../src/source/amqp/credit.ts'
import { ReceivingSession } from '../../../../src/source/amqp/session.ts'
import { bench, bytes, isBusError, PAYLOAD, take, type Way } from './session-bench.ts'

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
