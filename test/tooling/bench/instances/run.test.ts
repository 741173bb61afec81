import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { happen } from '../../../../bench/instances/events.ts'
import { type Plan, QUICK } from '../../../../bench/instances/plan.ts'
import { measure } from '../../../../bench/instances/scale.ts'
import { Site } from '../../../../bench/instances/site.ts'
import { BOUNDED } from '../../../helpers/program.ts'

const env = { PATH: process.env.PATH }
const TOY: Plan = { ...QUICK, recordsPerMessage: 10, hosts: 7, warmUpMs: 0, mostWarmUpMs: 10_000, windowMs: 500, quietMs: 100, sinkMs: 0 }
const RATE = 2_000

test('two instances on one address: what is sent arrives, once, both take part, and it is measured', BOUNDED, async () => {
  const {
    recordsPerSecond, usPerRecord, shares, workersBusy, p50, p99, recordsPerPush, recordsPerStream, bytesPerRecord, rssMb, tallied
  } = await measure(TOY, env, 2, RATE)
  assert.ok(tallied.sent > 2000)
  assert.deepEqual([tallied.stored, tallied.missing, tallied.doubled], [tallied.sent, 0, 0])
  assert.equal(shares.length, 2)
  assert.ok(Math.min(...shares) > 0 && Math.abs(shares[0] + shares[1] - 1) < 1e-9, `${shares}`)
  assert.ok(workersBusy > 0 && workersBusy <= 1, `${workersBusy}`)
  assert.ok(p50 > 0 && p50 <= p99)
  assert.ok(recordsPerStream > 0 && recordsPerStream <= recordsPerPush)
  for (const value of [recordsPerSecond, usPerRecord, bytesPerRecord, ...rssMb]) assert.ok(value > 0)
})

test('one that dies under load loses nothing: what it had comes again', BOUNDED, async () => {
  const { endSeconds, longestGapMs, usualGapMs, tallied } = await happen('die', RATE, TOY, env)
  assert.ok(endSeconds > 0 && longestGapMs > 0 && usualGapMs > 0)
  assert.deepEqual([tallied.stored, tallied.missing, tallied.doubled], [tallied.sent, 0, 0])
})

test('an instance that joins comes to have its share', BOUNDED, async () => {
  const { attachedSeconds, shareSeconds, tallied } = await happen('join', RATE, TOY, env)
  assert.ok(attachedSeconds > 0 && shareSeconds >= attachedSeconds)
  assert.deepEqual([tallied.missing, tallied.doubled], [0, 0])
})

/** One instance with a store that does not answer, so that it holds everything that was sent. */
async function held (t: TestContext): Promise<Site> {
  const site = await Site.start({ instances: 1, recordsPerMessage: 10, hosts: 7, sinkMs: 60_000, env })
  t.after(async () => await site.close())
  return site
}

test('what a dead instance held is given back by the bus, and that is seen', BOUNDED, async t => {
  const site = await held(t)
  await site.load({ rate: RATE })
  assert.ok(await site.until(async () => (await site.counts()).sent >= 200, 30_000))
  await site.disturbance()
  await site.end(site.members[0], 'SIGKILL')
  let returned = 0
  assert.ok(await site.until(async () => (returned += (await site.disturbance()).returned) > 0, 30_000))
  assert.equal((await site.counts()).settled, 0)
})

test('the death of an instance that nobody asked for fails whoever waits', BOUNDED, async t => {
  const site = await held(t)
  const waiting = site.run(60_000)
  process.kill(site.members[0].pid, 'SIGKILL')
  await assert.rejects(waiting, /lokean ended \(SIGKILL\)/)
})
