import { test } from 'node:test'
import assert from 'node:assert/strict'
import { DELIVERY_BYTES } from '../../../../src/source/amqp/credit.ts'
import { freePort } from '../../../../src/commands/demo/free-port.ts'
import { AmqpPeer } from '../../../helpers/amqp-peer.ts'
import { until } from '../../../helpers/until.ts'
import { NOBODY, runningBus } from './running-bus.ts'

test('comes back when the bus drops the connection; what came before settles nothing', async t => {
  const peer = await AmqpPeer.listen(t)
  const { client, deliveries, done, counts, lines, budgets } = runningBus(t, { ports: [peer.port] })
  let settledBefore = false
  void peer.send('logs', Buffer.from('before')).then(() => { settledBefore = true })
  await until('it is here', () => deliveries.length === 1)
  peer.drop()
  await until('it is attached again', () => peer.attached === 2)
  assert.equal(deliveries[0].connection.gone, true)
  assert.equal(budgets[0].used, 6 + DELIVERY_BYTES)
  const outcome = peer.send('logs', Buffer.from('after'))
  await until('the next is here', () => deliveries.length === 2)
  // Both deliveries have the same id: settling the old one must not settle the new one.
  assert.deepEqual(deliveries.map(({ id }) => id), [0, 0])
  let settled = false
  void outcome.then(() => { settled = true })
  done(deliveries[0])
  assert.equal(budgets[0].used, 5 + DELIVERY_BYTES)
  const third = peer.send('logs', Buffer.from('third'))
  await until('a third is here', () => deliveries.length === 3)
  done(deliveries[2])
  await third
  assert.deepEqual([settled, settledBefore], [false, false])
  done(deliveries[1])
  assert.equal(await outcome, 'accepted')
  assert.deepEqual(counts, { connected: 2, disconnected: 1 })
  assert.deepEqual(client.status(), { ok: true, detail: 'open' })
  assert.deepEqual(lines.map(({ msg }) => msg), [
    'connected to the bus', 'receiving', 'lost the bus; connecting again', 'connected to the bus', 'receiving'
  ])
})

test('goes to the next host at once when one is not there, and when one is lost', async t => {
  const [first, second] = [await AmqpPeer.listen(t), await AmqpPeer.listen(t)]
  const gone = NOBODY
  const { deliveries, lines } = runningBus(t, { ports: [gone, first.port, second.port] })
  void first.send('logs', Buffer.from('first'))
  await until('the first one sends', () => deliveries.length === 1)
  assert.match(String(lines[0].reason), /ECONNREFUSED/)
  assert.equal(lines[0].bus, `127.0.0.1:${gone}`)
  assert.equal(lines[0].retryMs, 0)
  await first.close()
  void second.send('logs', Buffer.from('second'))
  await until('the second one sends', () => deliveries.length === 2)
})

test('waits for a bus that is not there yet', async t => {
  const port = await freePort()
  const { client, deliveries, lines } = runningBus(t, { ports: [port] })
  assert.equal(client.status().ok, false)
  await until('it has tried twice', () => lines.length >= 2)
  assert.match(client.status().detail, /ECONNREFUSED/)
  assert.ok(lines.every(({ msg }) => msg === 'no connection to the bus; trying again'))
  const peer = await AmqpPeer.listen(t, {}, port)
  void peer.send('logs', Buffer.from('at last'))
  await until('it is here', () => deliveries.length === 1)
  assert.equal(client.status().ok, true)
})

test('says why a name has failed on all its addresses', async t => {
  const { client, lines } = runningBus(t, { ports: [NOBODY], host: 'localhost' })
  await until('it has tried', () => lines.length >= 1)
  assert.match(String(lines[0].reason), /ECONNREFUSED/)
  assert.match(client.status().detail, /ECONNREFUSED/)
})

test('pauses grow while a bus lets it in and throws it out again', async t => {
  const peer = await AmqpPeer.listen(t)
  peer.container.on('connection_open', ({ connection }) => { connection.close({ condition: 'amqp:not-allowed', description: 'not you' }) })
  const { lines, client } = runningBus(t, { ports: [peer.port] })
  const lost = (): unknown[] => lines.filter(({ msg }) => msg.startsWith('lost the bus')).map(({ retryMs }) => retryMs)
  await until('it was thrown out three times', () => lost().length >= 3)
  assert.deepEqual(lost().slice(0, 3), [50, 100, 200])
  assert.match(client.status().detail, /amqp:not-allowed: not you/)
})

test('a detached link is attached anew, and the other address does not notice', async t => {
  const peer = await AmqpPeer.listen(t)
  const { client, deliveries, done, lines, counts } = runningBus(t, { ports: [peer.port], addresses: ['a', 'b'] })
  const sender = await peer.sender('a')
  await peer.sender('b')
  void peer.send('a', Buffer.from('one'))
  await until('one is here', () => deliveries.length === 1)
  sender.close({ condition: 'amqp:resource-deleted', description: 'the queue was deleted' })
  await until('it is known', () => lines.some(({ msg }) => msg.startsWith('the link is closed')))
  assert.equal(deliveries[0].connection.gone, true)
  await until('it is attached again', () => peer.attached === 3)
  const [line] = lines.filter(({ msg }) => msg.startsWith('the link is closed'))
  assert.deepEqual([line.address, line.reason], ['a', 'amqp:resource-deleted: the queue was deleted'])
  done(deliveries[0])
  const outcomes = [peer.send('a', Buffer.from('two')), peer.send('b', Buffer.from('three'))]
  await until('all are here', () => deliveries.length === 3)
  for (const delivery of deliveries.slice(1)) done(delivery)
  assert.deepEqual(await Promise.all(outcomes), ['accepted', 'accepted'])
  assert.deepEqual(counts, { connected: 1, disconnected: 0 })
  assert.equal(client.status().ok, true)
})

test('a session that the bus ends is begun anew', async t => {
  const peer = await AmqpPeer.listen(t)
  const { deliveries, lines } = runningBus(t, { ports: [peer.port] })
  const sender = await peer.sender('logs')
  sender.session.close({ condition: 'amqp:internal-error', description: 'bad day' })
  await until('it is attached again', () => peer.attached === 2)
  assert.equal(lines.find(({ msg }) => msg.startsWith('the link is closed'))?.reason, 'amqp:internal-error: bad day')
  peer.senders.splice(0, peer.senders.length - 1)
  void peer.send('logs', Buffer.from('here'))
  await until('it flows', () => deliveries.length === 1)
})

test('an address that the bus does not know is asked for again, with growing pauses, until it does', async t => {
  let known = false
  const peer = await AmqpPeer.listen(
    t, { refuse: address => known || address === 'fine' ? undefined : { condition: 'amqp:not-found', description: `no ${address}` } }
  )
  const { client, deliveries, lines } = runningBus(t, { ports: [peer.port], addresses: ['unknown', 'fine'] })
  const refusals = (): unknown[] => lines.filter(({ msg }) => msg.startsWith('the link is closed')).map(({ retryMs }) => retryMs)
  await until('it was refused three times', () => refusals().length >= 3)
  assert.deepEqual(refusals().slice(0, 3), [50, 100, 200])
  void peer.send('fine', Buffer.from('fine'))
  await until('the other flows', () => deliveries.length === 1)
  assert.match(client.status().detail, /unknown; amqp:not-found: no unknown/)
  known = true
  void peer.send('unknown', Buffer.from('now'))
  await until('it flows', () => deliveries.length === 2)
  assert.deepEqual(client.status(), { ok: true, detail: 'open' })
})

test('a connection that the bus closes, with and without an error, is made anew', async t => {
  const peer = await AmqpPeer.listen(t)
  const { lines } = runningBus(t, { ports: [peer.port] })
  await peer.sender('logs')
  peer.connections[0].close({ condition: 'amqp:connection:forced', description: 'maintenance' })
  await until('it is attached again', () => peer.attached === 2)
  await peer.sender('logs')
  peer.connections.at(-1)?.close()
  await until('it is attached once more', () => peer.attached === 3)
  assert.deepEqual(lines.filter(({ msg }) => msg.startsWith('lost')).map(({ reason }) => reason), [
    'amqp:connection:forced: maintenance', 'the bus closed the connection'
  ])
})
