import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { leastBudget, shareOut } from '../../../../src/source/budget/share-out.ts'
import { DELIVERY_BYTES, FRAME_BYTES, maxMessageBytes } from '../../../../src/source/amqp/credit.ts'
import { MAX_MESSAGE_COST } from '../../../../src/source/datagrams/message.ts'
import type { Budget } from '../../../../src/source/budget/budget.ts'

const MIB = 2 ** 20
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `a${i}`)

test('one address has the whole budget', () => {
  const [budget] = shareOut(64 * MIB, ['logs']).values()
  assert.deepEqual([budget.own, budget.largest, budget.limit], [64 * MIB, 64 * MIB, 64 * MIB])
})

test('each of 64 addresses has a part of its own in the default budget, and takes messages of 16 MiB', () => {
  const [budget] = shareOut(64 * MIB, names(64)).values()
  assert.deepEqual([budget.own, budget.largest, budget.limit], [384 * 1024, 16.375 * MIB, 18.375 * MIB])
})

test('the least budget holds all own parts, each for a message of a socket, and takes messages of a mebibyte', () => {
  for (const count of [1, 2, 3, 4, 5, 64, 1000]) {
    const budgets = [...shareOut(leastBudget(count), names(count)).values()]
    const own = budgets.reduce((sum, budget) => sum + budget.own, 0)
    const reserve = budgets[0].largest - budgets[0].own
    assert.ok(own + reserve <= leastBudget(count), `${count} addresses`)
    assert.ok(budgets[0].own >= Math.max(2 * FRAME_BYTES, MAX_MESSAGE_COST))
    assert.ok(maxMessageBytes(budgets[0].largest) >= MIB - FRAME_BYTES)
  }
})

/** A sender of an address, as the bus is: it sends what it may, and half of its messages are large. */
class Sender {
  readonly #budget: Budget
  readonly unsettled: number[] = []
  /** Bytes of the message at hand that have come, and that are to come. */
  came = 0
  left = 0
  finished = 0

  constructor (budget: Budget) {
    this.#budget = budget
    budget.onRoom = () => this.grant()
  }

  grant (): void {
    const budget = this.#budget
    if (budget.room < FRAME_BYTES && this.came > 0) budget.borrow(this.came)
    const frames = Math.floor(budget.room / FRAME_BYTES)
    if (frames * FRAME_BYTES > budget.promised) budget.promise(frames * FRAME_BYTES)
    if (budget.promised === 0) budget.wait()
  }

  /** Sends one frame of a message, where it may. */
  send (size: number): void {
    const budget = this.#budget
    if (budget.promised < FRAME_BYTES) return this.grant()
    if (this.left === 0) this.left = Math.min(size, maxMessageBytes(budget.largest))
    const bytes = Math.min(this.left, FRAME_BYTES - DELIVERY_BYTES)
    budget.lease(bytes, budget.promised - FRAME_BYTES)
    this.came += bytes
    this.left -= bytes
    if (this.left === 0) {
      budget.lease(DELIVERY_BYTES)
      this.unsettled.push(this.came + DELIVERY_BYTES)
      budget.finish()
      this.came = 0
      this.finished++
    }
    this.grant()
  }

  /** The connection is lost: what has come in part goes, and so does the promise. */
  lose (): void {
    this.#budget.release(this.came)
    this.#budget.finish()
    this.#budget.promise(0)
    this.came = this.left = 0
  }

  settle (which: number): void {
    if (this.unsettled.length === 0) return
    this.#budget.release(this.unsettled.splice(which % this.unsettled.length, 1)[0])
    this.grant()
  }
}

test('whatever comes and goes, all addresses together stay within the total, and each of them goes on', async () => {
  const step = fc.tuple(fc.nat(), fc.constantFrom('send', 'send', 'send', 'settle', 'lose'), fc.nat())
  const steps = fc.array(step, { minLength: 100, maxLength: 600 })
  await fc.assert(fc.asyncProperty(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 4 }), steps, async (count, each, steps) => {
    const total = count * each * MIB
    const budgets = [...shareOut(total, names(count)).values()]
    const senders = budgets.map(budget => new Sender(budget))
    const check = (): void => {
      const held = budgets.reduce((sum, { used, promised }) => sum + used + promised, 0)
      assert.ok(held <= total, `${held} of ${total}`)
      for (const { used, room, limit, own } of budgets) assert.ok(used <= limit && room <= own)
    }
    // The first address is blocked for ever: nothing of it is settled. Its own part holds each of its messages.
    for (const [who, what, size] of steps) {
      const sender = senders[who % count]
      if (what === 'send') sender.send(1 + size % (size % 2 === 1 ? 2000 : sender === senders[0] ? 300_000 : 8 * MIB))
      else if (what === 'lose') sender.lose()
      else if (sender !== senders[0]) sender.settle(size)
      await Promise.resolve()
      check()
    }
    const before = senders.map(({ finished }) => finished)
    // All the others finish their largest messages, though all of them are half sent at once.
    for (let turn = 0; turn < 5000 && senders.some(({ finished }, i) => i > 0 && finished < before[i] + 2); turn++) {
      for (const sender of senders) sender.send(sender === senders[0] ? 300_000 : Infinity)
      for (const sender of senders.slice(1)) sender.settle(0)
      await Promise.resolve()
      check()
    }
    for (const [i, { finished }] of senders.entries()) assert.ok(i === 0 || finished >= before[i] + 2, `address ${i} of ${count}`)
  }), { seed: 20260, numRuns: 100 })
})
