import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PushLimits } from '../../../src/sink/push-limits.ts'

const MIB = 2 ** 20
const RATE = 'Ingestion rate limit exceeded for user t (limit: 4194304 bytes/sec) while attempting to ingest \'9\' lines totaling \'900000\' bytes'

function bench (burst?: number) {
  const clock = { now: 0 }
  const limits = new PushLimits({ pushBytes: MIB, burstOf: () => burst, now: () => clock.now })
  const limited = (bytes: number, attempts: number, since: number): boolean => limits.limited('t', {
    bytes, message: RATE, attempts, since
  })
  return { clock, limits, limited }
}

test('there is no limit before a push was too large, and each tenant has its own', () => {
  const { limits } = bench()
  assert.equal(limits.limitOf('t'), Infinity)
  limits.tooLarge('t', 1_000)
  assert.deepEqual([limits.limitOf('t'), limits.limitOf('other')], [500, Infinity])
  limits.tooLarge('t', 2_000)
  assert.equal(limits.limitOf('t'), 500, 'a larger one says nothing new')
})

test('an ordinary rate limit makes no push smaller', () => {
  const { clock, limits, limited } = bench()
  // It lets the push through as soon as the rate allows: a quarter of a second for a MiB.
  for (let attempt = 1; attempt <= 3; attempt++, clock.now += 100) assert.equal(limited(MIB, attempt, 0), false)
  limits.stored('t', MIB)
  assert.equal(limits.limitOf('t'), Infinity)
})

test('a push that is refused for as long as the rate would need several times, with nothing stored meanwhile, is halved', () => {
  const { clock, limits, limited } = bench()
  clock.now = 1_999
  limited(MIB, 9, 0)
  assert.equal(limits.limitOf('t'), Infinity)
  clock.now = 2_000
  limited(MIB, 10, 0)
  assert.equal(limits.limitOf('t'), MIB / 2)
})

test('a push that smaller ones of the tenant overtake is halved: soon where they are half as large, else later', () => {
  for (const [stored, attempts] of [[1_000, 4], [MIB / 2, 4], [MIB - 1, 10]] as const) {
    const { clock, limits, limited } = bench()
    clock.now = 500
    limits.stored('t', stored)
    clock.now = 1_000
    limited(MIB, attempts - 1, 0)
    assert.equal(limits.limitOf('t'), Infinity, 'not yet')
    limited(MIB, attempts, 0)
    assert.equal(limits.limitOf('t'), MIB / 2)
  }
})

test('a push that as large ones overtake is not', () => {
  const { clock, limits, limited } = bench()
  for (; clock.now < 60_000; clock.now += 1_000) {
    limits.stored('t', MIB)
    limited(MIB, 99, 0)
  }
  assert.equal(limits.limitOf('t'), Infinity)
})

test('what was stored at first does not hide that nothing is stored any more', () => {
  const { clock, limits, limited } = bench()
  clock.now = 100
  limits.stored('t', MIB - 1)
  clock.now = 2_099
  limited(MIB, 5, 0)
  assert.equal(limits.limitOf('t'), Infinity)
  clock.now = 2_100
  limited(MIB, 6, 0)
  assert.equal(limits.limitOf('t'), MIB / 2)
})

test('where Loki has told the burst, a larger push falls below it at once, and is known never to fit', () => {
  const { limits, limited } = bench(450_000)
  assert.equal(limited(1_000_000, 1, 0), true)
  assert.equal(limits.limitOf('t'), 450_000)
  const other = bench(900_000)
  assert.equal(other.limited(1_000_000, 1, 0), false)
  assert.equal(other.limits.limitOf('t'), Infinity)
})

test('stored pushes that are as large as allowed raise the limit, until there is none', () => {
  const { limits } = bench()
  limits.tooLarge('t', MIB / 4)
  for (let i = 0; i < 1_000; i++) limits.stored('t', 10)
  assert.equal(limits.limitOf('t'), MIB / 8, 'small ones prove nothing')
  let pushes = 0
  for (; limits.limitOf('t') !== Infinity; pushes++) limits.stored('t', limits.limitOf('t'))
  assert.ok(pushes > 50 && pushes < 100, `${pushes} pushes`)
})

test('tenants without a limit are forgotten when there are many', () => {
  const { limits } = bench()
  limits.tooLarge('t', 1_000)
  for (let i = 0; i < 20_000; i++) limits.stored(`tenant ${i}`, 10)
  assert.equal(limits.limitOf('t'), 500)
})
