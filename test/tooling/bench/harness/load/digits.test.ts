import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Digits } from '../../../../../bench/harness/load/digits.ts'

test('times and numbers are written as they are, and nothing beside them is touched', () => {
  const digits = new Digits()
  fc.assert(fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), fc.nat({ max: 999_999 }), fc.integer({ min: 0, max: 9_999_999_999 }),
    fc.nat({ max: 5 }), (second, micros, number, at) => {
      const out = Buffer.alloc(60, '#')
      digits.time(out, at, second, micros)
      digits.number(out, at + 30, number)
      const time = new Date(second * 1000).toISOString().slice(0, 19)
      const expected = `${'#'.repeat(at)}${time}.${`${micros}`.padStart(6, '0')}`.padEnd(at + 30, '#') + `${number}`.padStart(10, '0')
      assert.equal(out.toString('latin1'), expected.padEnd(60, '#'))
    }))
})
