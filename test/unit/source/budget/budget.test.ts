import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { Commons } from '../../../../src/source/budget/commons.ts'

/** Two addresses with parts of 100 each, a pool of 80 and a reserve of 200. */
function two (): { a: Budget, b: Budget, offers: string[] } {
  const commons = new Commons(80, 200)
  const offers: string[] = []
  const [a, b] = ['a', 'b'].map(address => {
    const budget = new Budget(address, 100, commons)
    budget.onRoom = () => { offers.push(address) }
    return budget
  })
  return { a, b, offers }
}

test('what is leased is used until it is released', () => {
  const budget = new Budget('rsyslog/logs', 100)
  assert.deepEqual([budget.address, budget.limit, budget.largest, budget.used, budget.room], ['rsyslog/logs', 100, 100, 0, 100])
  budget.lease(60)
  budget.lease(40)
  assert.deepEqual([budget.used, budget.room, budget.limit], [100, 0, 100])
  budget.release(30)
  assert.deepEqual([budget.used, budget.room, budget.limit], [70, 30, 100])
  budget.release(70)
  assert.equal(budget.used, 0)
})

test('more than was leased cannot be released', () => {
  const budget = new Budget('rsyslog/logs', 100)
  budget.lease(10)
  assert.throws(() => budget.release(11), /rsyslog\/logs/)
})

test('what comes takes the place of what was promised', () => {
  const budget = new Budget('a', 100)
  budget.promise(90)
  budget.lease(20, 60)
  assert.deepEqual([budget.used, budget.promised, budget.room], [20, 60, 80])
})

test('an address takes of the pool three times what it leaves free, and one at rest takes nothing', () => {
  const { a, b } = two()
  a.promise(100)
  b.promise(100)
  assert.deepEqual([a.limit, b.limit], [160, 160], 'promises lie in the own parts')
  a.lease(100, 0)
  assert.equal(a.room, 60)
  a.lease(60)
  assert.deepEqual([a.room, a.limit, b.limit], [0, 160, 115])
  b.lease(115, 0)
  assert.deepEqual([a.room, b.room], [0, 0])
})

test('an address that waits is told once when others give back', async () => {
  const { a, b, offers } = two()
  a.lease(160)
  b.lease(115)
  b.wait()
  b.wait()
  a.release(1)
  a.release(1)
  assert.deepEqual(offers, [], 'never during a call')
  await Promise.resolve()
  a.release(1)
  await Promise.resolve()
  assert.deepEqual(offers, ['b'])
})

test('a message that has come in part gets the reserve, where it is all that the address holds', () => {
  const { a, b } = two()
  a.lease(10)
  a.lease(150)
  assert.deepEqual([a.borrow(150), a.room], [false, 0], 'something else has to be settled first')
  a.release(10)
  a.lease(a.room)
  assert.deepEqual([a.borrow(a.used), a.room], [true, 100], 'no more is promised than the own part')
  b.lease(115)
  assert.deepEqual([b.borrow(115), b.room], [false, 0], 'one at a time')
  for (let left = a.largest - a.used; left > 0; left = a.largest - a.used) {
    assert.ok(a.room > 0)
    a.lease(Math.min(left, a.room))
  }
  a.finish()
  assert.equal(b.borrow(115), false, 'the message is there, and not settled')
  a.release(a.used)
  assert.equal(b.borrow(115), true)
})

test('the reserve is given back where the message is given up', async () => {
  const { a, b, offers } = two()
  a.lease(160)
  assert.equal(a.borrow(160), true)
  a.lease(50)
  b.lease(115)
  b.wait()
  a.release(a.used)
  assert.equal(b.borrow(115), false, 'its rest may still come')
  a.finish()
  await Promise.resolve()
  assert.deepEqual([offers, b.borrow(115)], [['b'], true])
})

test('what lies in the reserve moves to the pool when that has room, so that the next address gets the reserve', async () => {
  const { a, b, offers } = two()
  b.lease(160)
  a.lease(115)
  assert.equal(a.borrow(115), true)
  a.lease(10)
  a.finish()
  b.wait()
  assert.equal(b.borrow(160), false)
  b.release(100)
  await Promise.resolve()
  assert.deepEqual([offers, b.borrow(60)], [['b'], true])
})

test('one address alone has no reserve to borrow', () => {
  const budget = new Budget('a', 100)
  budget.lease(100)
  assert.equal(budget.borrow(100), false)
})
