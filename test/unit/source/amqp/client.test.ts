import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Secret } from '../../../../src/secret.ts'
import { DELIVERY_BYTES, FRAME_BYTES, MAX_FRAME_SIZE } from '../../../../src/source/amqp/credit.ts'
import { AmqpPeer } from '../../../helpers/amqp-peer.ts'
import { tcpServer } from '../../../helpers/http-server.ts'
import { turn, until } from '../../../helpers/until.ts'
import { runningBus } from './running-bus.ts'

const FIXTURES = join('test', 'fixtures', 'omamqp1')

/** No program listens on port 1. A port that was free a moment ago may belong to another test by now. */
const NOBODY = 1

async function closedPort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

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
  const port = await closedPort()
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

test('logs in with user name and password, which need not be ASCII', async t => {
  const seen: string[] = []
  const peer = await AmqpPeer.listen(
    t, { plain: (username, password) => seen.push(`${username}/${password}`) > 0 && password === 'pässwörd: 密' }
  )
  const { client } = runningBus(t, { ports: [peer.port], credentials: { username: 'büs', password: new Secret('pässwörd: 密') } })
  await until('it is attached', () => client.status().ok)
  assert.deepEqual(seen, ['büs/pässwörd: 密'])
})

test('a wrong password is told, without it, and tried again', async t => {
  let right = 'another'
  const peer = await AmqpPeer.listen(t, { plain: (_, password) => password === right })
  const { client, lines } = runningBus(t, { ports: [peer.port], credentials: { username: 'lokean', password: new Secret('s3cret') } })
  await until('it has tried twice', () => lines.length >= 2)
  assert.match(String(lines[0].reason), /amqp:unauthorized-access: Failed to authenticate/)
  assert.equal(client.status().ok, false)
  right = 's3cret'
  await until('it is attached', () => client.status().ok)
  assert.ok(!JSON.stringify(lines).includes('s3cret'))
})

test('a bus that wants a login is told of, when there is none', async t => {
  const peer = await AmqpPeer.listen(t, { plain: () => true })
  const { lines } = runningBus(t, { ports: [peer.port] })
  await until('it has tried', () => lines.length >= 1)
  assert.match(String(lines[0].reason), /No suitable mechanism; server supports PLAIN/)
})

for (const [what, text, reason] of [
  ['in one go', ['HTTP/1.1 400 Bad Request\r\n\r\n'], /[Pp]rotocol.*48545450/],
  ['in pieces', ['HT', 'TP/', '1.1 4', '00 Bad Request\r\n\r\n'], /[Pp]rotocol.*48545450/],
  ['an older AMQP', ['AMQP\0\0\x09\x01'], /0-9-1/],
  ['in a word', ['no\r\n'], /connection lost/]
] as const) {
  test(`something else than a bus is told of: ${what}`, async t => {
    const { port } = await tcpServer(t, socket => {
      void (async () => {
        for (const piece of text) {
          socket.setNoDelay(true).write(piece, 'latin1')
          await turn()
        }
        socket.end()
      })()
    })
    const { lines } = runningBus(t, { ports: [port] })
    await until('it has tried', () => lines.length >= 1)
    assert.match(String(lines[0].reason), reason)
  })
}

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
