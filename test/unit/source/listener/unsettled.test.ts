import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Unsettled } from '../../../../src/source/listener/unsettled.ts'

test('what was added is taken by its id, once, in whatever order', () => {
  fc.assert(fc.property(fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 400 }), steps => {
    const unsettled = new Unsettled<number>()
    const model = new Map<number, number>()
    let next = 0
    for (const step of steps) {
      if (step === undefined) {
        assert.equal(unsettled.add(7 * next), next)
        model.set(next, 7 * next++)
      } else {
        const id = step % (next + 2)
        assert.equal(unsettled.take(id), model.get(id))
        model.delete(id)
      }
    }
    for (let id = 0; id < next; id++) assert.equal(unsettled.take(id), model.get(id))
  }))
})

test('one that stays is found when all around it have come and gone', () => {
  const unsettled = new Unsettled<object>()
  const stays = {}
  const id = unsettled.add(stays)
  for (let i = 0; i < 10_000; i++) {
    const value = {}
    assert.equal(unsettled.take(unsettled.add(value)), value)
  }
  assert.equal(unsettled.take(id), stays)
  assert.equal(unsettled.take(id), undefined)
})
