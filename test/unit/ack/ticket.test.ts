import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Ticket } from '../../../src/ack/ticket.ts'

function counted (parts: number): { ticket: Ticket, resolved: () => number } {
  let count = 0
  const ticket = new Ticket(parts, () => { count++ })
  return { ticket, resolved: () => count }
}

test('resolves once, with the last of its parts', () => {
  const { ticket, resolved } = counted(3)
  ticket.resolvePart()
  ticket.resolvePart()
  assert.equal(resolved(), 0)
  ticket.resolvePart()
  assert.equal(resolved(), 1)
})

test('a batch without parts is done at once', () => {
  const { ticket, resolved } = counted(0)
  assert.equal(resolved(), 1)
  assert.throws(() => ticket.resolvePart(), /resolved twice/)
  assert.throws(() => ticket.split(2), /resolved twice/)
  assert.equal(resolved(), 1)
})

test('a part more than there were throws and does not resolve again', () => {
  const { ticket, resolved } = counted(1)
  ticket.resolvePart()
  assert.throws(() => ticket.resolvePart(), /resolved twice/)
  assert.equal(resolved(), 1)
})

test('waits for all that a part was split into', () => {
  const { ticket, resolved } = counted(1)
  ticket.split(2)
  ticket.resolvePart()
  ticket.split(3)
  ticket.resolvePart()
  ticket.resolvePart()
  assert.equal(resolved(), 0)
  ticket.resolvePart()
  assert.equal(resolved(), 1)
})

test('a part that was split into nothing is done', () => {
  const { ticket, resolved } = counted(2)
  ticket.split(0)
  assert.equal(resolved(), 0)
  ticket.split(0)
  assert.equal(resolved(), 1)
  assert.throws(() => ticket.split(0), /resolved twice/)
})

test('resolves exactly once, and exactly with the last part, whatever is stored or split in whatever order', () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat({ max: 4 }) })
  fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), fc.array(step, { maxLength: 200 }), (parts, steps) => {
    const { ticket, resolved } = counted(parts)
    let open = parts
    for (const into of steps) {
      if (open === 0) break
      if (into === undefined) ticket.resolvePart()
      else ticket.split(into)
      open += (into ?? 0) - 1
      assert.equal(resolved(), open === 0 ? 1 : 0)
    }
    for (; open > 0; open--) {
      assert.equal(resolved(), 0)
      ticket.resolvePart()
    }
    assert.equal(resolved(), 1)
    assert.throws(() => ticket.resolvePart())
    assert.equal(resolved(), 1)
  }))
})
