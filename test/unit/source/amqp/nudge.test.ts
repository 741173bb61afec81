import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBus } from '../../../../src/embedded/bus/bus.ts'
import { DELIVERY_BYTES, FRAME_BYTES } from '../../../../src/source/amqp/credit.ts'
import { AmqpPeer } from '../../../helpers/amqp-peer.ts'
import { until } from '../../../helpers/until.ts'
import { connectClient, openSender } from '../../embedded/bus/client.ts'
import { runningBus } from './running-bus.ts'

const LIMIT = 16 * FRAME_BYTES

test('a router that waits for more credit than it has gets it, when all that came is settled', async t => {
  const bus = await startBus({ waitsForMore: true, sendFrameSize: 512 })
  t.after(async () => { await bus.close() })
  const { deliveries, done, lookAfter } = runningBus(t, { ports: [bus.port], limit: LIMIT })
  await bus.until(stats => stats.logs?.receivers === 1)
  const { outcome } = await openSender(await connectClient(t, bus.port), 'logs')
  // Its 36 frames use up the window several times, and leave more than half of the last.
  const first = outcome(Buffer.alloc(35 * 454))
  await until('the first is here', () => deliveries.length === 1)
  const second = outcome(Buffer.from('second'))
  await bus.until(({ logs }) => logs.received === 2)
  lookAfter()
  lookAfter()
  done(deliveries[0])
  assert.equal((await first).name, 'accepted')
  assert.deepEqual([deliveries.length, bus.stats().logs.delivered], [1, 1], 'it waits')
  await until('the second is here', () => {
    lookAfter()
    return deliveries.length === 2
  })
  done(deliveries[1])
  assert.equal((await second).name, 'accepted')
})

test('a quiet link is told of one credit less and of all again; one that delivers, or holds something, is left alone', async t => {
  const peer = await AmqpPeer.listen(t)
  const { deliveries, done, lookAfter, budgets } = runningBus(t, { ports: [peer.port], limit: LIMIT })
  await until('there is credit', () => peer.grants.length === 1)
  for (let flows = 2; flows < 5; flows++) {
    lookAfter()
    await until('a flow has come', () => peer.grants.length === flows)
  }
  assert.deepEqual(peer.grants.map(({ credit, window }) => [credit, window]), [[16, 16], [15, 15], [16, 16], [15, 15]])
  const outcome = peer.send('logs', Buffer.from('one'))
  await until('it is here', () => deliveries.length === 1)
  const before = peer.grants.length
  lookAfter()
  lookAfter()
  assert.equal(budgets[0].used, 3 + DELIVERY_BYTES)
  done(deliveries[0])
  await outcome
  assert.equal(peer.grants.length, before, 'nothing was said while it was here')
})

test('what was promised stays promised: a message that crosses the smaller credit is taken', async t => {
  const peer = await AmqpPeer.listen(t)
  const { deliveries, lookAfter, budgets } = runningBus(t, { ports: [peer.port], limit: LIMIT })
  await until('there is credit', () => peer.grants.length === 1)
  lookAfter()
  for (let i = 0; i < 16; i++) void peer.send('logs', Buffer.alloc(FRAME_BYTES - 2 * DELIVERY_BYTES))
  assert.equal(budgets[0].promised, LIMIT)
  await until('all are here', () => deliveries.length >= 15)
  assert.ok(budgets[0].used <= LIMIT)
})
