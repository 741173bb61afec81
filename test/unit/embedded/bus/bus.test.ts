import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Connection, Delivery, EventContext } from 'rhea'
import { startBus, type BusOptions, type EmbeddedBus } from '../../../../src/embedded/bus/bus.ts'
import { until } from '../../../helpers/until.ts'
import { CERTIFICATE, KEY } from './certificate.ts'
import { connectClient, cut, openReceiver, openSender } from './client.ts'

const LOGS = 'rsyslog/logs'

async function start (t: TestContext, options: BusOptions = {}): Promise<EmbeddedBus> {
  const bus = await startBus(options)
  t.after(() => bus.close())
  return bus
}

const socketOf = (connection: Connection): Socket => (connection as unknown as { socket: Socket }).socket

test('it announces itself as the router does', async t => {
  const bus = await start(t)
  const connection = await connectClient(t, bus.port)
  assert.equal(connection.container_id, 'lokean-demo-bus')
  assert.equal(connection.max_frame_size, 16_384)
  assert.equal(connection.idle_time_out, 8_000)
  assert.equal(connection.channel_max, 32_767)
  assert.deepEqual(connection.properties, { product: 'lokean-demo-bus' })
  assert.equal(bus.url, `amqp://127.0.0.1:${bus.port}`)
})

test('bytes and format pass unchanged, in many frames and in one, and each outcome comes back as it was given', async t => {
  const bus = await start(t)
  const { sender, outcome } = await (async () => {
    const { taken } = await openReceiver(await connectClient(t, bus.port), LOGS, 0)
    assert.equal(taken.length, 0)
    return openSender(await connectClient(t, bus.port), LOGS)
  })()
  assert.equal((sender as unknown as { credit: number }).credit, 250)
  // These are not AMQP, so a bus that decoded them would fail.
  const messages = [Buffer.from([0xff]), Buffer.alloc(100_000, 'x'), Buffer.alloc(16_384, 0), Buffer.from([0, 0x53, 0x99])]
  const frames = (t2: number) => ({ max_frame_size: t2 })
  const second = await openReceiver(await connectClient(t, bus.port, frames(512)), LOGS, 0)
  second.receiver.add_credit(10)
  const outcomes = messages.map((message, i) => outcome(message, i === 3 ? 77 : 0))
  await second.until(4)
  assert.deepEqual(second.taken.map(({ message, format }) => [message, format]), messages.map((message, i) => [message, i === 3 ? 77 : 0]))
  assert.equal(bus.stats()[LOGS]?.unsettled, 4)
  const [a, b, c, d] = second.taken.map(({ delivery }) => delivery) as [Delivery, Delivery, Delivery, Delivery]
  a.accept()
  b.reject({ condition: 'amqp:precondition-failed', description: 'no' })
  c.release()
  d.modified({ delivery_failed: true, undeliverable_here: true })
  const results = await Promise.all(outcomes)
  assert.deepEqual(results.map(({ name }) => name), ['accepted', 'rejected', 'released', 'modified'])
  const states = results.map(({ delivery }) =>
    delivery.remote_state as { error?: { condition: string, description: string }, undeliverable_here?: boolean })
  assert.equal(states[1].error?.condition, 'amqp:precondition-failed')
  assert.equal(states[3].undeliverable_here, true)
  assert.deepEqual(bus.stats()[LOGS], {
    received: 4, delivered: 4, accepted: 1, rejected: 1, released: 1, modified: 1, presettled: 0, unsettled: 0, senders: 1, receivers: 2
  })
})

test('a sender gets credit when the first receiver attaches', async t => {
  const bus = await start(t, { senderCredit: 7 })
  const { sender } = await openSender(await connectClient(t, bus.port), LOGS, { credit: false })
  assert.equal((sender as unknown as { credit: number }).credit, 0)
  const sendable = once(sender, 'sendable')
  await openReceiver(await connectClient(t, bus.port), LOGS, 1)
  await sendable
  assert.equal((sender as unknown as { credit: number }).credit, 7)
})

for (const [death, kill] of [
  ['connection is lost', connection => { cut(connection) }],
  ['connection is closed', connection => connection.close()],
  ['session ends', (_connection, receiver) => receiver.session.close()],
  ['link is detached', (_connection, receiver) => receiver.close()]
] as Array<[string, (connection: Connection, receiver: { close (): void, session: { close (): void } }) => void]>) {
  test(`what a receiver holds is modified, delivery-failed, when its ${death}`, async t => {
    const bus = await start(t)
    const connection = await connectClient(t, bus.port)
    const { receiver, until } = await openReceiver(connection, LOGS, 2)
    const { outcome } = await openSender(await connectClient(t, bus.port), LOGS)
    const outcomes = ['a', 'b', 'c'].map(text => outcome(Buffer.from(text)))
    await until(2)
    kill(connection, receiver)
    const results = await Promise.all(outcomes)
    assert.deepEqual(results.map(({ name }) => name), ['modified', 'modified', 'released'])
    assert.equal((results[0].delivery.remote_state as { delivery_failed?: boolean }).delivery_failed, true)
    await bus.until(stats => stats[LOGS]?.receivers === 0 && stats[LOGS].unsettled === 0)
  })
}

test('a session of which one link died carries on, past what its buffer holds', async t => {
  const bus = await start(t)
  const connection = await connectClient(t, bus.port)
  const dying = await openReceiver(connection, LOGS, 1)
  const { outcome } = await openSender(await connectClient(t, bus.port), LOGS)
  const first = outcome(Buffer.from('a'))
  await dying.until(1)
  const other = await openReceiver(connection, LOGS, 0, ({ delivery }) => {
    delivery.accept()
    other.receiver.add_credit(1)
  })
  dying.receiver.close()
  // The client's session also holds the unsettled deliveries of its dead link.
  ;(dying.taken[0].delivery as { settled: boolean }).settled = true
  assert.equal((await first).name, 'modified')
  other.receiver.add_credit(100)
  for (let sent = 0; sent < 9_000; sent += 250) {
    await Promise.all(Array.from({ length: 250 }, () => outcome(Buffer.from('b'))))
  }
  assert.equal(bus.stats()[LOGS]?.accepted, 9_000)
})

test('credit drained is given back, and not used', async t => {
  const bus = await start(t)
  const { receiver } = await openReceiver(await connectClient(t, bus.port), LOGS, 10)
  const drained = once(receiver, 'receiver_drained')
  receiver.drain_credit()
  await drained
  const { outcome } = await openSender(await connectClient(t, bus.port), LOGS)
  const pending = outcome(Buffer.from('a'))
  await bus.until(stats => stats[LOGS]?.received === 1)
  assert.equal(bus.stats()[LOGS]?.delivered, 0)
  receiver.drain = false
  receiver.on('message', ({ delivery }: EventContext) => delivery!.accept())
  receiver.add_credit(1)
  assert.equal((await pending).name, 'accepted')
})

test('a sender that gives drained credit back when the next receiver is there already gets it again', async t => {
  const bus = await start(t, { senderCredit: 5 })
  const first = await openReceiver(await connectClient(t, bus.port), LOGS, 1)
  const connection = await connectClient(t, bus.port)
  const { sender, outcome } = await openSender(connection, LOGS)
  first.receiver.close()
  await bus.until(stats => stats[LOGS]?.receivers === 0)
  const draining = once(sender, 'sender_draining')
  const released = outcome(Buffer.from('a'))
  await draining
  await openReceiver(await connectClient(t, bus.port), LOGS, 0)
  sender.set_drained(true)
  // Makes rhea write the answer.
  ;(connection as unknown as { _register (): void })._register()
  await until('all of it is there', () => (sender as unknown as { credit: number }).credit === 5)
  assert.equal((await released).name, 'released')
})

test('a peer that breaks the protocol is cut, and disturbs nobody', async t => {
  const bus = await start(t)
  const { until, taken } = await openReceiver(await connectClient(t, bus.port), LOGS, 10)
  const { outcome } = await openSender(await connectClient(t, bus.port), LOGS)
  const amqp = Buffer.from('414d515000010000', 'hex')
  const attacks = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.concat([amqp, Buffer.from('7fffffff02000000', 'hex')]), // a frame of 2 GiB
    Buffer.concat([amqp, Buffer.from('0000000000000000', 'hex')]), // a frame without a size
    Buffer.concat([amqp, Buffer.from('0000000d02000000005399c0', 'hex'), Buffer.from([1, 0])]), // an unknown performative
    Buffer.concat([amqp, Buffer.from('0000000c020000000053144500000000', 'hex')]) // a transfer on no session
  ]
  for (const attack of attacks) {
    const socket = connect(bus.port, '127.0.0.1')
    t.after(() => socket.destroy())
    socket.resume().on('error', () => {})
    socket.write(attack)
    await once(socket, 'close')
  }
  assert.ok(bus.errors.length >= attacks.length)
  const pending = outcome(Buffer.from('a'))
  await until(1)
  taken[0].delivery.accept()
  assert.equal((await pending).name, 'accepted')
})

test('a frame above max-frame-size is the end of its connection', async t => {
  const bus = await start(t, { maxFrameSize: 1_024 })
  await openReceiver(await connectClient(t, bus.port), LOGS, 10)
  const connection = await connectClient(t, bus.port)
  const { sender } = await openSender(connection, LOGS)
  const lost = once(connection, 'disconnected')
  ;(connection as unknown as { remote: { open: { max_frame_size: number } } }).remote.open.max_frame_size = 1 << 20
  sender.send(Buffer.alloc(4_000), undefined, 0)
  await lost
  assert.match(bus.errors.at(-1)!.message, /larger than max-frame-size 1024/)
  assert.equal(bus.stats()[LOGS]?.received, 0)
})

test('a link without an address is refused, with the reason', async t => {
  const bus = await start(t)
  const connection = await connectClient(t, bus.port)
  const sender = connection.open_sender({ target: {} })
  await once(sender, 'sender_close')
  assert.equal((sender.error as { condition?: string } | undefined)?.condition, 'amqp:invalid-field')
})

test('dropConnections cuts those the filter picks', async t => {
  const bus = await start(t)
  const receiving = await connectClient(t, bus.port, { container_id: 'lokean-1' })
  const sending = await connectClient(t, bus.port)
  await openReceiver(receiving, LOGS, 1)
  await openSender(sending, LOGS)
  const lost = once(receiving, 'disconnected')
  assert.equal(bus.dropConnections(peer => peer.containerId === 'lokean-1' && peer.receivers.includes(LOGS)), 1)
  await lost
  assert.equal(bus.dropConnections(peer => peer.receivers.length > 0), 0)
  assert.ok(sending.is_open())
  assert.deepEqual(bus.peers().map(peer => peer.senders), [[LOGS]])
})

for (const [over, event] of [['link', 'receiver_error'], ['session', 'session_error'], ['connection', 'connection_error']] as const) {
  test(`endReceiving ends the ${over} of those who receive, with its error, and what they held goes back`, async t => {
    const bus = await start(t)
    const connection = await connectClient(t, bus.port)
    const { receiver, until } = await openReceiver(connection, LOGS, 1)
    const { sender, outcome } = await openSender(await connectClient(t, bus.port), LOGS)
    const back = outcome(Buffer.from('a'))
    await until(1)
    const ended = once(connection, event)
    connection.on('session_error', () => {})
    assert.equal(bus.endReceiving(over, { condition: 'amqp:internal-error', description: 'no more' }), 1)
    await ended
    const { error } = over === 'link' ? receiver : over === 'session' ? receiver.session : connection
    assert.deepEqual([
      (error as { condition: string }).condition, (error as { description: string }).description
    ], ['amqp:internal-error', 'no more'])
    assert.equal((await back).name, 'modified')
    assert.ok(sender.is_open())
    assert.equal(bus.endReceiving(over, { condition: 'amqp:internal-error' }), 0)
  })
}

test('redeliver cuts those who receive, and the next one gets what they held, in the order asked for', async t => {
  const bus = await start(t)
  const connection = await connectClient(t, bus.port)
  const first = await openReceiver(connection, LOGS, 2)
  const { outcome } = await openSender(await connectClient(t, bus.port), LOGS)
  const outcomes = ['a', 'b', 'c'].map(text => outcome(Buffer.from(text)))
  await first.until(2)
  const lost = once(connection, 'disconnected')
  assert.equal(bus.redeliver(held => [...held].reverse()), 2)
  await lost
  const second = await openReceiver(await connectClient(t, bus.port), LOGS, 0)
  second.receiver.add_credit(3)
  await second.until(3)
  assert.deepEqual(second.taken.map(({ message }) => message.toString()), ['b', 'a', 'c'])
  for (const { delivery } of second.taken) delivery.accept()
  assert.deepEqual((await Promise.all(outcomes)).map(({ name }) => name), ['accepted', 'accepted', 'accepted'])
})

test('it sends frames as small as it is told to, whatever the receiver would take', async t => {
  const bus = await start(t, { sendFrameSize: 512 })
  const connection = await connectClient(t, bus.port)
  const sizes: number[] = []
  const { until, taken } = await openReceiver(connection, LOGS, 1)
  socketOf(connection).on(
    'data', (bytes: Buffer) => { for (let at = 0; at + 4 <= bytes.length; at += sizes.at(-1)!) sizes.push(bytes.readUInt32BE(at)) }
  )
  const { outcome } = await openSender(await connectClient(t, bus.port), LOGS)
  outcome(Buffer.alloc(2_000, 'x')).catch(() => {})
  await until(1)
  assert.equal(taken[0].message.length, 2_000)
  assert.ok(sizes.length >= 5 && Math.max(...sizes) <= 512, String(sizes))
})

test('stopped and started again it has the same port, its counters, and nobody attached', async t => {
  const bus = await start(t)
  const { port } = bus
  const connection = await connectClient(t, port)
  await openReceiver(connection, LOGS, 1)
  const { outcome } = await openSender(await connectClient(t, port), LOGS)
  outcome(Buffer.from('a')).catch(() => {})
  await bus.until(stats => stats[LOGS]?.delivered === 1)
  const lost = once(connection, 'disconnected')
  await bus.stop()
  await lost
  await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })
  await bus.start()
  assert.equal(bus.port, port)
  const { received, receivers, senders, unsettled } = bus.stats()[LOGS]
  assert.deepEqual({ received, receivers, senders, unsettled }, { received: 1, receivers: 0, senders: 0, unsettled: 0 })
  const { until } = await openReceiver(await connectClient(t, port), LOGS, 1)
  const again = await openSender(await connectClient(t, port), LOGS)
  again.outcome(Buffer.from('b')).catch(() => {})
  await until(1)
})

test('stalled it says and hears nothing until it is resumed', async t => {
  const bus = await start(t)
  const { taken, until } = await openReceiver(await connectClient(t, bus.port), LOGS, 10)
  const sending = await connectClient(t, bus.port)
  const { outcome } = await openSender(sending, LOGS)
  bus.stall()
  const pending = outcome(Buffer.alloc(5_000_000, 'x'))
  // The kernel's buffers are full when the socket takes no more and the bus reads nothing.
  while (socketOf(sending).writableLength === 0) await new Promise(resolve => setImmediate(resolve))
  assert.equal(bus.stats()[LOGS]?.received, 0)
  const late = connectClient(t, bus.port)
  bus.resume()
  await late
  await until(1)
  taken[0].delivery.accept()
  assert.equal((await pending).name, 'accepted')
})

test('with a name and a password it takes nobody without', async t => {
  const bus = await start(t, { username: 'lokean', password: 'secret' })
  await connectClient(t, bus.port, { username: 'lokean', password: 'secret' })
  await assert.rejects(connectClient(t, bus.port, { username: 'lokean', password: 'wrong' }), { condition: 'amqp:unauthorized-access' })
  await assert.rejects(connectClient(t, bus.port), /mechanism/)
})

test('over TLS', async t => {
  const bus = await start(t, { tls: { cert: CERTIFICATE, key: KEY } })
  assert.match(bus.url, /^amqps:/)
  const options = { transport: 'tls', ca: CERTIFICATE, servername: '' } as object
  const { taken, until } = await openReceiver(await connectClient(t, bus.port, options), LOGS, 1)
  const { outcome } = await openSender(await connectClient(t, bus.port, options), LOGS)
  const pending = outcome(Buffer.alloc(60_000, 'y'))
  await until(1)
  taken[0].delivery.accept()
  assert.equal((await pending).name, 'accepted')
  // The bus refuses a plain client and lives on.
  const socket = connect(bus.port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.resume().on('error', () => {})
  socket.write('AMQP\x00\x01\x00\x00')
  await once(socket, 'close')
  await connectClient(t, bus.port, options)
})

test('a port that is taken is an error with a code, and until() ends with the bus', async t => {
  const bus = await start(t)
  await assert.rejects(startBus({ port: bus.port }), { code: 'LOKEAN_BUS' })
  const never = bus.until(() => false)
  const broken = bus.until(() => { throw new Error('in the predicate') })
  await assert.rejects(broken, /in the predicate/)
  const closed = assert.rejects(never, { code: 'LOKEAN_CLOSED' })
  await bus.close()
  await closed
})

for (const [sendsToClosed, what] of [[false, 'a strict bus never sends over a session that was begun with a window of 0'], [true, 'a lenient bus sends over it once a flow opens the window']] as const) {
  test(what, async t => {
    const bus = await start(t, { sendsToClosed })
    const connection = await connectClient(t, bus.port)
    const received: string[] = []
    const open = (window: number): void => {
      const session = connection.create_session()
      ;(session as unknown as { local: { begin: { incoming_window: number } } }).local.begin.incoming_window = window
      session.begin()
      const receiver = session.open_receiver({ source: { address: 'logs' }, credit_window: 0 })
      receiver.on('message', () => { received.push(window === 0 ? 'closed' : 'open') })
      receiver.on('receiver_open', () => { receiver.add_credit(10) })
    }
    open(0)
    await bus.until(({ logs }) => logs?.receivers === 1)
    // All able receivers share the messages, so the open one shows what the closed one does not get.
    open(100)
    await bus.until(({ logs }) => logs?.receivers === 2)
    const sender = connection.open_sender('logs')
    await new Promise<void>(resolve => { sender.once('sendable', () => resolve()) })
    for (let i = 0; i < 8; i++) sender.send({ body: 'x' })
    await bus.until(({ logs }) => logs?.accepted === 8)
    assert.equal(received.length, 8)
    assert.equal(received.includes('closed'), sendsToClosed)
  })
}
