import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { connect } from '../../../../src/source/amqp/connection.ts'
import { DELIVERY_BYTES, FRAME_BYTES } from '../../../../src/source/amqp/credit.ts'
import { socketOf } from '../../../../src/source/amqp/rhea.ts'
import type { Delivery } from '../../../../src/source/source.ts'
import { describe, Subscription } from '../../../../src/source/amqp/subscription.ts'
import { AmqpPeer } from '../../../helpers/amqp-peer.ts'
import { turn, until } from '../../../helpers/until.ts'

const LIMIT = 8 * FRAME_BYTES

async function bench (t: TestContext, framePayload?: number) {
  const peer = await AmqpPeer.listen(t, { framePayload })
  const connection = connect({ host: '127.0.0.1', port: peer.port, tls: false }, {}, 'a-test')
  connection.on('disconnected', () => {})
  t.after(() => { socketOf(connection)?.destroy(new Error('the test is over')) })
  const budget = new Budget('logs', LIMIT)
  const deliveries: Delivery[] = []
  const ended: string[] = []
  let attached = 0
  await until('the connection is open', () => connection.is_open())
  const subscription = new Subscription({
    connection,
    budget,
    onDelivery: delivery => { deliveries.push(delivery) },
    onAttached: () => { attached++ },
    onEnded: reason => { ended.push(reason) }
  })
  return { peer, connection, budget, subscription, deliveries, ended, attached: () => attached }
}

test('attaching, attached, gone', async t => {
  const { peer, subscription, ended, attached } = await bench(t)
  assert.deepEqual([subscription.attached, subscription.gone, subscription.credit], [false, false, 0])
  subscription.grant()
  const sender = await peer.sender('logs')
  await until('it is attached', () => subscription.attached)
  assert.deepEqual([subscription.gone, subscription.credit, attached()], [false, 8, 1])
  sender.close({ condition: 'amqp:resource-locked', description: 'not now' })
  await until('it has ended', () => subscription.gone)
  assert.deepEqual([subscription.attached, subscription.credit, ended], [false, 0, ['amqp:resource-locked: not now']])
})

test('a delivery names the subscription as the connection that it is settled over', async t => {
  const { peer, subscription, deliveries } = await bench(t)
  const outcome = peer.send('logs', Buffer.from('one'))
  await until('it is here', () => deliveries.length === 1)
  const [{ connection, address, id, message }] = deliveries
  assert.deepEqual([connection === subscription, address, id, message.length], [true, 'logs', 0, 3])
  subscription.settle([[0, 0]])
  assert.equal(await outcome, 'accepted')
})

test('once gone, it settles nothing, grants nothing and ends no more', async t => {
  const { peer, subscription, deliveries, ended } = await bench(t)
  let told = false
  void peer.send('logs', Buffer.from('one')).then(() => { told = true })
  await until('it is here', () => deliveries.length === 1)
  subscription.end('the connection is lost')
  subscription.end('again')
  const grants = peer.grants.length
  subscription.settle([[0, 0]])
  subscription.grant()
  subscription.stop()
  await turn()
  await turn()
  assert.deepEqual([told, peer.grants.length, ended], [false, grants, ['the connection is lost']])
})

test('ending gives back what came of an unfinished delivery, and only that', async t => {
  const { peer, subscription, deliveries, budget } = await bench(t, 1_000)
  void peer.send('logs', Buffer.from('whole'))
  void peer.send('logs', Buffer.alloc(100_000))
  await until('a part of the second is here', () => deliveries.length === 1 && budget.used > 5 + DELIVERY_BYTES && subscription.credit > 0)
  subscription.end('lost')
  assert.equal(budget.used, 5 + DELIVERY_BYTES)
})

test('an error is told by its condition and its description, as far as it has them', () => {
  assert.equal(describe(undefined), undefined)
  assert.equal(describe(null), undefined)
  assert.equal(describe({ condition: 'amqp:not-found', description: 'no such queue' }), 'amqp:not-found: no such queue')
  assert.equal(describe({ condition: 'amqp:not-found', description: null }), 'amqp:not-found')
  assert.equal(describe({ condition: '', description: 'no such queue' }), 'no such queue')
  assert.equal(describe({}), 'an error without a name')
})
