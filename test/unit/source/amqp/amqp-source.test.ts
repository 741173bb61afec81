import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fixed } from '../../../../src/provider.ts'
import { AmqpSource } from '../../../../src/source/amqp/amqp-source.ts'
import { DELIVERY_BYTES } from '../../../../src/source/amqp/credit.ts'
import { Budget } from '../../../../src/source/budget/budget.ts'
import type { Delivery } from '../../../../src/source/source.ts'
import { AmqpPeer } from '../../../helpers/amqp-peer.ts'
import { collectedLog } from '../../../helpers/collected-log.ts'
import { until } from '../../../helpers/until.ts'

interface Running { source: AmqpSource, budget: Budget, peer: AmqpPeer, deliveries: Delivery[], gone: unknown[] }

async function running (t: TestContext, quietMs = 1): Promise<Running> {
  const peer = await AmqpPeer.listen(t)
  const budget = new Budget('logs', 2 ** 20)
  const source = new AmqpSource({
    addresses: [{ address: 'logs', labels: [], tenant: undefined, format: 'amqp' }],
    hosts: [{ host: '127.0.0.1', port: peer.port, tls: false }],
    credentials: fixed({}),
    budgets: [budget],
    log: collectedLog().log,
    random: () => 0,
    quietMs
  })
  t.after(async () => { await source.close() })
  const deliveries: Delivery[] = []
  const gone: unknown[] = []
  source.start({
    onDelivery: delivery => { deliveries.push(delivery) },
    onGone: (address, connection) => { gone.push([address, connection, connection.gone]) },
    onFatal: error => { throw error }
  })
  await until('it is attached', () => source.status().ok)
  return { source, budget, peer, deliveries, gone }
}

test('delivers, settles over the connection of a delivery, and is granted room', async t => {
  const { source, budget, peer, deliveries } = await running(t)
  assert.deepEqual(source.reading('logs'), { up: true, credit: 16 })
  assert.ok(source.canSendMore('logs'))
  const outcomes = [peer.send('logs', Buffer.from('one')), peer.send('logs', Buffer.from('two'))]
  await until('both are here', () => deliveries.length === 2)
  assert.deepEqual(deliveries.map(({ address, id, cost }) => [address, id, cost]), [
    ['logs', 0, 3 + DELIVERY_BYTES], ['logs', 1, 3 + DELIVERY_BYTES]
  ])
  source.settle(deliveries[0].connection, [[0, 1]])
  budget.release(budget.used)
  source.grant('logs')
  assert.deepEqual(await Promise.all(outcomes), ['accepted', 'accepted'])
})

test('counts the connections it opens and loses', async t => {
  const { source, peer } = await running(t)
  peer.drop()
  await until('it is back', () => source.counters.connects === 2)
  assert.deepEqual({ ...source.counters }, { connects: 2, disconnects: 1 })
})

test('says once which connection has gone, whether the bus cuts it or it is closed here', async t => {
  const { source, peer, deliveries, gone } = await running(t)
  void peer.send('logs', Buffer.from('one'))
  await until('it is here', () => deliveries.length === 1)
  const [{ connection }] = deliveries
  peer.drop()
  await until('it is back', () => source.counters.connects === 2 && source.status().ok)
  assert.deepEqual(gone, [['logs', connection, true]])
  await source.close()
  assert.equal(gone.length, 2)
})

test('tells what a broker has tried to deliver before', async t => {
  const { peer, deliveries } = await running(t)
  const [first, again] = [Buffer.from('005370450053774101', 'hex'), Buffer.from('005370c0070540404040520100537741', 'hex')]
  void peer.send('logs', first)
  void peer.send('logs', again)
  await until('both are here', () => deliveries.length === 2)
  assert.deepEqual(deliveries.map(({ redelivered }) => redelivered), [false, true])
})

test('stopped, it gives no more credit, has drained when the bus is quiet, and still settles what is here', async t => {
  const { source, peer, deliveries } = await running(t)
  const outcome = peer.send('logs', Buffer.from('before'))
  await until('it is here', () => deliveries.length === 1)
  const drained = source.stop()
  assert.ok(!source.canSendMore('logs'))
  await drained
  source.settle(deliveries[0].connection, [[0, 0]])
  assert.equal(await outcome, 'accepted')
})

test('a close ends a stop that waits for quiet', async t => {
  const { source } = await running(t, 2 ** 30)
  const drained = source.stop()
  await source.close()
  await drained
  assert.equal(source.status().ok, false)
})
