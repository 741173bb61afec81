import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fifo } from '../../../src/sink/fifo.ts'

test('whatever is done to it, it holds what an array would', () => {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 400 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        take: fc.integer({ min: 0, max: 400 }),
        put: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 5 }), fc.constant(600))
      })
    },
    { weight: 1, arbitrary: fc.constant('clear' as const) }
  )
  fc.assert(fc.property(fc.array(action, { maxLength: 40 }), actions => {
    const fifo = new Fifo<number>()
    const model: number[] = []
    let next = 0
    const some = (count: number): number[] => Array.from({ length: count }, () => next++)
    for (const one of actions) {
      if (one === 'clear') {
        fifo.clear()
        model.length = 0
      } else if ('push' in one) {
        for (const item of some(one.push)) {
          fifo.push(item)
          model.push(item)
        }
      } else {
        const count = Math.min(one.take, model.length)
        const items = some(one.put)
        fifo.replace(count, items)
        model.splice(0, count, ...items)
      }
      assert.equal(fifo.length, model.length)
      assert.deepEqual(Array.from({ length: model.length + 1 }, (_, i) => fifo.at(i)), [...model, undefined])
    }
  }))
})
