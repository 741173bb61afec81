import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Sightings } from '../../../../src/commands/canary/sightings.ts'
import '../../../helpers/seeded-properties.ts'

const nothing = { delays: [], late: 0, doubled: 0, missing: 0 }

test('a record is there once, whatever is asked again; its delay is until it was seen', () => {
  const sightings = new Sightings(60, 1000)
  sightings.send(0, 10)
  assert.deepEqual(sightings.look([], 11, 12), nothing)
  assert.deepEqual([sightings.waiting, sightings.oldest], [1, 10])
  assert.deepEqual(sightings.look([0], 15, 17), { ...nothing, delays: [7] })
  assert.deepEqual(sightings.look([0], 18, 19), nothing)
  assert.equal(sightings.waiting, 0)
})

test('only what was asked for late enough makes a record missing; it may still come, and is late then', () => {
  const sightings = new Sightings(60, 1000)
  sightings.send(0, 0)
  assert.deepEqual(sightings.look([], 59, 500), nothing)
  assert.deepEqual(sightings.look([], 60, 501), { ...nothing, missing: 1 })
  assert.deepEqual(sightings.look([], 61, 502), nothing)
  assert.deepEqual(sightings.look([0], 700, 701), { ...nothing, delays: [701], late: 1 })
  assert.equal(sightings.oldest, undefined)
})

test('a record that comes twice is doubled, once, also where the second comes later', () => {
  const sightings = new Sightings(60, 1000)
  sightings.send(0, 0)
  sightings.send(1, 0)
  assert.deepEqual(sightings.look([0, 1, 1], 1, 1), { ...nothing, delays: [1, 1], doubled: 1 })
  assert.deepEqual(sightings.look([0, 0, 0, 1, 1, 1], 2, 2), { ...nothing, doubled: 1 })
})

test('what is missing is looked for no longer than the look-back; numbers that were not sent are passed over', () => {
  const sightings = new Sightings(60, 1000)
  sightings.send(0, 0)
  assert.equal(sightings.look([7, NaN], 60, 60).missing, 1)
  assert.equal(sightings.oldest, 0)
  assert.deepEqual(sightings.look([], 1000, 1000), nothing)
  assert.deepEqual([sightings.oldest, sightings.waiting], [undefined, 0])
})

test('whatever comes whenever: each record is stored, missing or awaited, and counted once', () => {
  const step = fc.record({ wait: fc.integer({ min: 0, max: 40 }), sends: fc.nat(3), seen: fc.array(fc.nat(12)) })
  fc.assert(fc.property(fc.array(step), steps => {
    const sightings = new Sightings(50, 200)
    const sum = { stored: 0, late: 0, missing: 0 }
    let [now, sent] = [0, 0]
    for (const { wait, sends, seen } of steps) {
      for (let i = 0; i < sends; i++) sightings.send(sent++, now)
      now += wait
      const { delays, late, missing } = sightings.look(seen, now, now)
      sum.stored += delays.length
      sum.late += late
      sum.missing += missing
      assert.equal(sum.stored + sum.missing - sum.late + sightings.waiting, sent)
    }
  }))
})
