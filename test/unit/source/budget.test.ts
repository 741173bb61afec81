import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Budget } from '../../../src/source/budget.ts'

test('what is taken is used until it is given back', () => {
  const budget = new Budget('rsyslog/logs', 100)
  assert.deepEqual([budget.address, budget.limit, budget.used, budget.room], ['rsyslog/logs', 100, 0, 100])
  budget.take(60)
  budget.take(40)
  assert.deepEqual([budget.used, budget.room], [100, 0])
  budget.give(30)
  assert.deepEqual([budget.used, budget.room], [70, 30])
  budget.give(70)
  assert.equal(budget.used, 0)
})

test('more than was lent cannot be given back', () => {
  const budget = new Budget('rsyslog/logs', 100)
  budget.take(10)
  assert.throws(() => budget.give(11), /rsyslog\/logs/)
})
