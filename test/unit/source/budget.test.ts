import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Budget } from '../../../src/source/budget.ts'

test('what is leased is used until it is released', () => {
  const budget = new Budget('rsyslog/logs', 100)
  assert.deepEqual([budget.address, budget.limit, budget.used, budget.room], ['rsyslog/logs', 100, 0, 100])
  budget.lease(60)
  budget.lease(40)
  assert.deepEqual([budget.used, budget.room], [100, 0])
  budget.release(30)
  assert.deepEqual([budget.used, budget.room], [70, 30])
  budget.release(70)
  assert.equal(budget.used, 0)
})

test('more than was leased cannot be released', () => {
  const budget = new Budget('rsyslog/logs', 100)
  budget.lease(10)
  assert.throws(() => budget.release(11), /rsyslog\/logs/)
})
