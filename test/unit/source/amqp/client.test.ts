import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DELIVERY_BYTES, FRAME_BYTES, MAX_FRAME_SIZE } from '../../../../src/source/amqp/credit.ts'
import { AmqpPeer } from '../../../helpers/amqp-peer.ts'
import { tcpServer } from '../../../helpers/http-server.ts'
import { turn, until } from '../../../helpers/until.ts'
import { NOBODY, runningBus } from './running-bus.ts'

const FIXTURES = join('test', 'fixtures', 'omamqp1')

test('hands on the bytes that were sent, and settles them accepted', async t => {
  const peer = await AmqpPeer.listen(t)
  const { client, deliveries, done, lines } = runningBus(t, { ports: [peer.port] })
  const messages = await Promise.all(['01', '14', '16', '26'].map(async name => await readFile(join(FIXTURES, `omamqp1-${name}.bin`))))
  const outcomes = messages.map(async message => await peer.send('logs', message))
  await until('all are here', () => deliveries.length === messages.length)
  assert.deepEqual(deliveries.map(({ id }) => id), [0, 1, 2, 3])
  for (const [i, { content }] of deliveries.entries()) assert.ok(content.equals(messages[i]), `message ${i}`)
  for (const delivery of deliveries) done(delivery)
  assert.deepEqual(await Promise.all(outcomes), ['accepted', 'accepted', 'accepted', 'accepted'])
  assert.deepEqual(client.status(), { ok: true, detail: 'open' })
  assert.deepEqual(lines.map(({ msg }) => msg), ['connected to the bus', 'receiving'])
})

test('a message of a mebibyte in many small frames', async t => {
  const peer = await AmqpPeer.listen(t, { framePayload: 462 })
  const { deliveries, done, budgets } = runningBus(t, { ports: [peer.port] })
  const message = randomBytes(2 ** 20)
  const outcome = peer.send('logs', message)
  const small = peer.send('logs', Buffer.from('small'))
  await until('both are here', () => deliveries.length === 2)
  assert.ok(deliveries[0].content.equals(message))
  assert.equal(budgets[0].used, 2 ** 20 + 5 + 2 * DELIVERY_BYTES)
  for (const delivery of deliveries) done(delivery)
  assert.deepEqual(await Promise.all([outcome, small]), ['accepted', 'accepted'])
  assert.equal(budgets[0].used, 0)
})

test('nothing is settled by itself, and never anything but what was asked for', async t => {
  const peer = await AmqpPeer.listen(t)
  const { deliveries, done } = runningBus(t, { ports: [peer.port] })
  const told: number[] = []
  for (let i = 0; i < 5; i++) void peer.send('logs', Buffer.from(`${i}`)).then(() => told.push(i))
  await until('all are here', () => deliveries.length === 5)
  done(deliveries[3])
  await until('one is settled', () => told.length > 0)
  const last = peer.send('logs', Buffer.from('5'))
  await until('one more is here', () => deliveries.length === 6)
  done(deliveries[5])
  await last
  assert.deepEqual(told, [3])
})

test('many are settled as one range', async t => {
  const peer = await AmqpPeer.listen(t)
  const { deliveries, done, client, budgets } = runningBus(t, { ports: [peer.port], limit: 64 * 2 ** 20 })
  const outcomes = Array.from({ length: 500 }, async (_, i) => await peer.send('logs', Buffer.from(`message ${i}`)))
  await until('all are here', () => deliveries.length === 500)
  client.cork()
  deliveries[0].connection.settle([[0, 249], [251, 499]])
  budgets[0].release(deliveries.reduce(
    (sum, { content }) => sum + content.length + DELIVERY_BYTES, 0
  ) - deliveries[250].content.length - DELIVERY_BYTES)
  const settled = await Promise.all(outcomes.filter((_, i) => i !== 250))
  assert.ok(settled.every(outcome => outcome === 'accepted'))
  done(deliveries[250])
  assert.equal(await outcomes[250], 'accepted')
})

test('takes no more than there is room for; room that comes back is credit', async t => {
  const peer = await AmqpPeer.listen(t)
  const limit = 6 * FRAME_BYTES
  const { deliveries, done, budgets, client } = runningBus(t, { ports: [peer.port], limit })
  const message = Buffer.alloc(20_000, 'x')
  const outcomes = Array.from({ length: 100 }, async () => await peer.send('logs', message))
  let settled = 0
  await until('all are through', () => {
    assert.ok(budgets[0].used <= limit, `${budgets[0].used} of ${limit}`)
    if (budgets[0].room < FRAME_BYTES || deliveries.length === 100) {
      if (settled < deliveries.length) done(deliveries[settled++])
    }
    return settled === 100
  })
  assert.ok((await Promise.all(outcomes)).every(outcome => outcome === 'accepted'))
  assert.ok(peer.grants.length > 1)
  for (const { credit, window } of peer.grants) assert.ok(credit <= 6 && window <= 6, `${credit} messages, ${window} frames`)
  assert.ok(client.credit('logs') > 0)
})

test('without room nothing comes, however long nobody settles', async t => {
  const peer = await AmqpPeer.listen(t)
  const limit = 4 * FRAME_BYTES
  const { deliveries, done, budgets, client } = runningBus(t, { ports: [peer.port], limit, addresses: ['logs', 'other'] })
  for (let i = 0; i < 50; i++) void peer.send('logs', Buffer.alloc(FRAME_BYTES - 200))
  await until('no credit is left', () => deliveries.length > 0 && client.credit('logs') === 0)
  const other = peer.send('other', Buffer.from('free'))
  await until('the other address still flows', () => deliveries.some(({ address }) => address === 'other'))
  done(deliveries.find(({ address }) => address === 'other')!)
  await other
  assert.ok(budgets[0].used <= limit)
  assert.ok(deliveries.length <= 5)
})

test('each address has a session and delivery ids of its own', async t => {
  const peer = await AmqpPeer.listen(t)
  const { deliveries, done } = runningBus(t, { ports: [peer.port], addresses: ['a', 'b'] })
  const outcomes = ['a', 'b', 'a', 'b'].map(async address => await peer.send(address, Buffer.from(address)))
  await until('all are here', () => deliveries.length === 4)
  const ids = (wanted: string): number[] => deliveries.filter(({ address }) => address === wanted).map(({ id }) => id)
  assert.deepEqual([ids('a'), ids('b')], [[0, 1], [0, 1]])
  assert.equal(new Set(deliveries.map(({ connection }) => connection)).size, 2)
  for (const delivery of deliveries) done(delivery)
  assert.deepEqual(await Promise.all(outcomes), ['accepted', 'accepted', 'accepted', 'accepted'])
})

test('a delivery that was cut off half way gives its room back', async t => {
  const peer = await AmqpPeer.listen(t, { framePayload: 1_000 })
  const { budgets, deliveries } = runningBus(t, { ports: [peer.port], limit: 4 * FRAME_BYTES })
  void peer.send('logs', Buffer.alloc(20_000))
  // The message has more frames than the window. The rest cannot come before a settlement, and nothing can be settled.
  await until('a part is here', () => budgets[0].used > 0)
  peer.drop()
  await until('it is attached again', () => peer.attached === 2)
  assert.equal(budgets[0].used, deliveries.reduce((sum, { content }) => sum + content.length, 0))
})

test('a message that the budget cannot hold is refused at the link, and the others go on', async t => {
  const peer = await AmqpPeer.listen(t)
  const limit = 8 * FRAME_BYTES
  const { deliveries, done, lines, budgets } = runningBus(t, { ports: [peer.port], addresses: ['large', 'other'], limit })
  void peer.send('large', Buffer.alloc(2 * limit))
  await until('the link was closed', () => peer.detached.length > 0)
  assert.equal(peer.detached[0]?.condition, 'amqp:link:message-size-exceeded')
  const line = lines.find(({ msg }) => msg.startsWith('the link is closed'))
  assert.equal(line?.address, 'large')
  assert.match(String(line?.reason), /LOKEAN_INFLIGHT_BYTES/)
  assert.equal(budgets[0].used, 0)
  const outcomes = [peer.send('other', Buffer.from('one'))]
  await until('it is attached again', () => peer.attached === 3)
  outcomes.push(peer.send('large', Buffer.alloc(limit - 2 * FRAME_BYTES, 'fits')))
  await until('both are here', () => deliveries.length === 2)
  for (const delivery of deliveries) done(delivery)
  assert.deepEqual(await Promise.all(outcomes), ['accepted', 'accepted'])
})

test('pauses grow while the same message is too large again and again', async t => {
  const peer = await AmqpPeer.listen(t)
  peer.container.on('sender_open', ({ sender }) => { sender?.send(Buffer.alloc(4 * FRAME_BYTES), undefined, 0) })
  const { lines } = runningBus(t, { ports: [peer.port], limit: 3 * FRAME_BYTES })
  const refused = (): unknown[] => lines.filter(({ msg }) => msg.startsWith('the link is closed')).map(({ retryMs }) => retryMs)
  await until('it was refused three times', () => refused().length >= 3)
  assert.deepEqual(refused().slice(0, 3), [50, 100, 200])
})

test('tells the bus how large a message may be, and that one disposition settles it', async t => {
  const peer = await AmqpPeer.listen(t)
  runningBus(t, { ports: [peer.port], limit: 10 * FRAME_BYTES })
  const sender = await peer.sender('logs')
  const { max_message_size: size, snd_settle_mode: snd, rcv_settle_mode: rcv } = sender as unknown as Record<string, unknown>
  assert.deepEqual([Number(size), snd, rcv], [9 * FRAME_BYTES, 0, 0])
  const { max_frame_size: frame, idle_time_out: idle } = sender.connection
  assert.deepEqual([frame, idle], [MAX_FRAME_SIZE, 10_000])
})

test('a link that the bus opens by itself gets no credit, and nothing over it is accepted', async t => {
  const peer = await AmqpPeer.listen(t)
  const { deliveries } = runningBus(t, { ports: [peer.port] })
  await peer.sender('logs')
  const outcomes: string[] = []
  for (const outcome of ['accepted', 'settled']) peer.container.on(outcome, () => { outcomes.push(outcome) })
  const own = peer.connections[0].open_sender({ target: { address: 'mine' }, source: { address: 'mine' } })
  await once(own, 'sender_open')
  own.send({ body: 'take this' })
  void peer.send('logs', Buffer.from('x'))
  await until('the other flows', () => deliveries.length === 1)
  await turn()
  assert.equal((own as unknown as { credit: number }).credit, 0)
  assert.deepEqual(outcomes, [])
})

test('stop takes the credit back: what was granted is still settled, and no more comes', async t => {
  const peer = await AmqpPeer.listen(t)
  const { client, deliveries, done } = runningBus(t, { ports: [peer.port] })
  const outcome = peer.send('logs', Buffer.from('one'))
  await until('one is here', () => deliveries.length === 1)
  client.stop()
  assert.equal(client.credit('logs'), 0)
  await until('the bus knows', () => peer.grants.at(-1)?.credit === 0)
  void peer.send('logs', Buffer.from('two'))
  done(deliveries[0])
  assert.equal(await outcome, 'accepted')
  await turn()
  assert.equal(deliveries.length, 1)
  await client.close()
  assert.equal(deliveries.length, 1)
})

test('what is settled right before the close still reaches the bus', async t => {
  const peer = await AmqpPeer.listen(t)
  const { client, deliveries, done } = runningBus(t, { ports: [peer.port] })
  const outcome = peer.send('logs', Buffer.from('one'))
  await until('one is here', () => deliveries.length === 1)
  done(deliveries[0])
  await client.close()
  assert.equal(await outcome, 'accepted')
  assert.equal(client.status().ok, false)
})

test('close leaves nothing open: connected, connecting, waiting, or never started', async t => {
  const before = open()
  const peer = await AmqpPeer.listen(t)
  const connected = runningBus(t, { ports: [peer.port] })
  await until('it is attached', () => connected.client.status().ok)
  const silent = await tcpServer(t, socket => { socket.resume() })
  const connecting = runningBus(t, { ports: [silent.port] })
  await until('it is connected', () => silent.sockets.size === 1)
  const waiting = runningBus(t, { ports: [NOBODY] })
  await until('it waits', () => waiting.lines.length > 0)
  for (const { client } of [connected, connecting, waiting]) await client.close()
  for (const { client } of [connected, connecting, waiting]) await client.close()
  await peer.close()
  await until('no socket is left', () => silent.sockets.size === 0)
  // The silent server and this wait's own timer remain.
  await until('nothing else is left open', () => open() <= before + 1)
  const count = waiting.lines.length
  await turn()
  assert.equal(waiting.lines.length, count)
})

/** Counts the sockets, servers and timers that keep the process alive. */
function open (): number {
  return process.getActiveResourcesInfo().filter(kind => /TCP|Timeout|Connect/.test(kind)).length
}
