import assert from 'node:assert/strict'
import { test } from 'node:test'
import { message, record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'

const ADDRESS = 'rsyslog/logs'
const MIB = 2 ** 20

/** Never resolves. A push that waits for it hangs until the embedded Loki closes. */
const forever = new Promise<void>(() => {})

for (const [name, bytesEach, count] of [
  ['single-record messages', 400, 10_000], ['messages of 200 KB', 200_000, 100],
  ['messages of 1.5 MB, a budget\'s share each', 1_500_000, 12]
] as const) {
  test(`with a Loki that does not answer, what is taken stays within LOKEAN_INFLIGHT_BYTES: ${name}`, async t => {
    const limit = 2 * MIB
    const stack = await Stack.start(t, {
      workers: 2,
      env: { LOKEAN_INFLIGHT_BYTES: `${limit}`, LOKEAN_PUSH_BYTES: '256KiB', LOKEAN_DRAIN_TIMEOUT: '100ms' },
      loki: { intercept: () => ({ kind: 'hang', release: forever }) },
      bus: { senderCredit: 8000 }
    })
    const sender = await stack.sender()
    let high = 0
    const watch = async (): Promise<number> => { high = Math.max(high, stack.pipeline.inflightBytes); return high }
    const text = 'x'.repeat(bytesEach - 300)
    for (let i = 0; i < count; i++) void sender.send(message([record({ message: text })])).then(watch, () => {})
    // The budget is used up when no credit is left. The remaining room is less than two frames, and the other messages
    // wait at the bus.
    await stack.bus.until(stats => {
      void watch()
      return stats[ADDRESS].delivered > 0 && stack.pipeline.inflightBytes > Math.max(0, limit - 3 * Math.max(65536, bytesEach))
    })
    await watch()
    assert.ok(high <= limit, `${high} of ${limit} bytes in flight`)
    const { accepted, released, rejected, modified } = stack.bus.stats()[ADDRESS]
    assert.deepEqual({ accepted, released, rejected, modified }, { accepted: 0, released: 0, rejected: 0, modified: 0 })
    const { unsettledBytes } = await stack.stop() ?? { unsettledBytes: -1 }
    assert.ok(unsettledBytes > 0, 'the drain timeout ends what Loki never took')
    assert.equal(stack.bus.stats()[ADDRESS].accepted, 0, 'and nothing of it was accepted')
  })
}

test('a message larger than the budget is refused at the link, in words; the others go on', async t => {
  const stack = await Stack.start(
    t, { env: { LOKEAN_INFLIGHT_BYTES: `${4 * MIB}`, LOKEAN_AMQP_ADDRESSES: 'small,large', LOKEAN_PUSH_BYTES: '256KiB' } }
  )
  const large = await stack.sender('large')
  const small = await stack.sender('small')
  const outcome = large.send(message(Array.from({ length: 30 }, () => record({ message: 'y'.repeat(100_000) }))))
  assert.equal(await outcome, 'modified', 'the bus has it back')
  assert.match(stack.log.join(''), /a message of more than \d+ bytes came.*raise LOKEAN_INFLIGHT_BYTES/)
  assert.equal(await small.send(message([record({ message: 'still here' })])), 'accepted')
  assert.equal(await large.deliver(message([record({ message: 'and again' })])) > 0, true)
  assert.deepEqual(stack.stored().map(({ line }) => line.toString()).sort(), ['and again', 'still here'])
  assert.equal(stack.pipeline.inflightBytes, 0)
})

test('a tenant that Loki limits holds up its own address only', async t => {
  const stack = await Stack.start(t, {
    env: {
      LOKEAN_AMQP_ADDRESSES: 'a,b',
      LOKEAN_LOKI_TENANT: '{cloud}',
      LOKEAN_INFLIGHT_BYTES: `${4 * MIB}`,
      LOKEAN_PUSH_BYTES: '256KiB',
      LOKEAN_DRAIN_TIMEOUT: '100ms'
    },
    loki: {
      authEnabled: true,
      intercept: ({ tenant }) => tenant === 'limited' ? { kind: 'answer', status: 429, headers: { 'retry-after': '300' } } : undefined
    }
  })
  const a = await stack.sender('a')
  const b = await stack.sender('b')
  for (let i = 0; i < 100; i++) void a.send(message([record({ cloud: 'limited', message: 'x'.repeat(50_000) })]))
  await stack.bus.until(stats => stats.a.delivered > 0 && stack.pipeline.inflightBytes > 1.8 * MIB)
  for (let i = 0; i < 50; i++) assert.equal(await b.send(message([record({ cloud: 'free', message: `line ${i}` })])), 'accepted')
  assert.equal(stack.stored('free').length, 50)
  assert.equal(stack.bus.stats().a.accepted, 0)
})

test('credit comes back as what was taken is stored: a small budget passes a large load', async t => {
  const stack = await Stack.start(t, { workers: 2, env: { LOKEAN_INFLIGHT_BYTES: `${2 * MIB}`, LOKEAN_PUSH_BYTES: '64KiB' } })
  const sender = await stack.sender()
  const outcomes = await Promise.all(Array.from(
    { length: 200 },
    async (_, m) => await sender.send(message(Array.from({ length: 50 }, (_, r) => record({ message: `id=${m}.${r} ${'z'.repeat(500)}` }))))
  ))
  assert.deepEqual(new Set(outcomes), new Set(['accepted']))
  assert.equal(stack.stored().length, 10_000)
})

test('one process reads 64 addresses: one is blocked for ever, one has messages of 1.2 MB, and all others flow', async t => {
  const addresses = Array.from({ length: 64 }, (_, i) => `rsyslog/cloud${i}`)
  const stack = await Stack.start(t, {
    workers: 2,
    env: { LOKEAN_AMQP_ADDRESSES: addresses.join(','), LOKEAN_LOKI_TENANT: '{cloud}', LOKEAN_DRAIN_TIMEOUT: '100ms' },
    loki: {
      authEnabled: true,
      intercept: ({ tenant }) => tenant === 'blocked' ? { kind: 'answer', status: 401 } : undefined
    }
  })
  const [blocked, large, ...others] = await Promise.all(addresses.map(async address => await stack.sender(address)))
  const held = async (): Promise<number> => await stack.metric('lokean_inflight_bytes', { address: addresses[0] })
  const text = 'x'.repeat(50_000)
  for (let i = 0; i < 500; i++) void blocked.send(message([record({ cloud: 'blocked', message: text })])).catch(() => {})
  await stack.bus.until(() => stack.bus.stats()[addresses[0]].delivered > 100)
  const fill = 'y'.repeat(100_000)
  const batch = (number: number): Buffer => {
    return message(Array.from({ length: 12 }, (_, i) => record({ cloud: 'large', message: `${number}.${i} ${fill}` })))
  }
  const line = (number: number): Buffer => message([record({ cloud: 'other', message: `${number}` })])
  const outcomes = await Promise.all([
    ...Array.from({ length: 10 }, async (_, i) => await large.send(batch(i))),
    ...others.flatMap(other => Array.from({ length: 5 }, async (_, i) => await other.send(line(i))))
  ])
  assert.deepEqual(new Set(outcomes), new Set(['accepted']))
  assert.equal(stack.stored('large').length, 120)
  assert.equal(stack.bus.stats()[addresses[0]].accepted, 0)
  assert.ok(await held() > 2 * MIB, 'the blocked one may hold more than a 64th, as long as nobody else needs it')
})

test('no half message waits for another: two addresses whose largest messages come at once get them both', async t => {
  const stack = await Stack.start(
    t, { env: { LOKEAN_INFLIGHT_BYTES: `${4 * MIB}`, LOKEAN_AMQP_ADDRESSES: 'a,b,c,d', LOKEAN_PUSH_BYTES: '256KiB' } }
  )
  const batch = message(Array.from({ length: 12 }, () => record({ message: 'y'.repeat(100_000) })))
  const senders = await Promise.all(['a', 'b', 'c', 'd'].map(async address => await stack.sender(address)))
  const outcomes = await Promise.all(senders.flatMap(sender => Array.from({ length: 5 }, async () => await sender.send(batch))))
  assert.deepEqual(new Set(outcomes), new Set(['accepted']))
  assert.equal(stack.pipeline.inflightBytes, 0)
})
