import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import rhea, { type Connection, type EventContext } from 'rhea'
import { Secret } from '../../../../src/secret.ts'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { connect, type Credentials } from '../../../../src/source/amqp/connection.ts'
import { socketOf } from '../../../../src/source/amqp/rhea.ts'
import type { Delivery } from '../../../../src/source/source.ts'
import { MAX_FRAME_SIZE } from '../../../../src/source/amqp/credit.ts'
import { Subscription } from '../../../../src/source/amqp/subscription.ts'
import { until } from '../../../helpers/until.ts'
import { CERTIFICATE, KEY } from '../../embedded/bus/certificate.ts'

/** A bus with TLS. It offers EXTERNAL to a client with a known certificate, and PLAIN to others. */
async function tlsBus (t: TestContext): Promise<{ port: number, users: string[], connections: Connection[] }> {
  const users: string[] = []
  const connections: Connection[] = []
  const container = rhea.create_container()
  container.sasl_server_mechanisms.enable_plain((username: string) => users.push(`PLAIN ${username}`) > 0)
  container.on('connection_open', ({ connection }: EventContext) => {
    connections.push(connection)
    const { mechanism } = (connection as unknown as { sasl_transport: { mechanism: object } }).sasl_transport
    if (mechanism.constructor.name === 'ExternalServer') users.push('EXTERNAL')
  })
  for (const quiet of ['disconnected', 'connection_error', 'connection_close', 'error', 'protocol_error']) container.on(quiet, () => {})
  const options = {
    port: 0,
    host: '127.0.0.1',
    transport: 'tls',
    key: KEY,
    cert: CERTIFICATE,
    ca: CERTIFICATE,
    requestCert: true,
    rejectUnauthorized: false,
    enable_sasl_external: true
  }
  const server = container.listen(options as never) as Server
  server.on('tlsClientError', () => {})
  const sockets = new Set<Socket>()
  server.on('secureConnection', (socket: Socket) => { sockets.add(socket) })
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy(new Error('the test is over'))
    server.close()
    await once(server, 'close')
  })
  return { port: (server.address() as AddressInfo).port, users, connections }
}

/** Resolves with undefined when the connection opens, else with the failure. */
async function outcome (t: TestContext, port: number, credentials: Credentials): Promise<string | undefined> {
  const connection = connect({ host: '127.0.0.1', port, tls: true }, credentials, 'a-test')
  t.after(() => { socketOf(connection)?.destroy(new Error('the test is over')) })
  return await new Promise(resolve => {
    connection.on('connection_open', () => resolve(undefined))
    connection.on('connection_error', ({ error }: EventContext) => resolve((error)?.message ?? 'lost'))
    connection.on('disconnected', ({ error }: EventContext) => resolve((error)?.message ?? 'lost'))
  })
}

test('TLS: takes a bus that its own CA has signed for, and no other', async t => {
  const { port, users } = await tlsBus(t)
  assert.equal(await outcome(t, port, { ca: CERTIFICATE, username: 'lokean', password: new Secret('x') }), undefined)
  assert.match(await outcome(t, port, { username: 'lokean', password: new Secret('x') }) ?? '', /self.signed/)
  assert.deepEqual(users, ['PLAIN lokean'])
})

test('a certificate without a user name logs in by EXTERNAL, with one by PLAIN', async t => {
  const { port, users } = await tlsBus(t)
  const identity = { ca: CERTIFICATE, cert: CERTIFICATE, key: new Secret(KEY) }
  assert.equal(await outcome(t, port, identity), undefined)
  await until('the bus knows', () => users.length === 1)
  assert.equal(await outcome(t, port, { ...identity, username: 'lokean', password: new Secret('x') }), undefined)
  assert.deepEqual(users, ['EXTERNAL', 'PLAIN lokean'])
})

test('says who it is and what it takes', async t => {
  const { port, connections } = await tlsBus(t)
  await outcome(t, port, { ca: CERTIFICATE, username: 'lokean', password: new Secret('x') })
  await until('the bus knows', () => connections.length === 1)
  const [{ container_id: id, max_frame_size: frame, channel_max: channels, idle_time_out: idle, hostname, properties }] = connections
  assert.deepEqual({
    id, frame, channels, idle, hostname, properties
  }, { id: 'a-test', frame: MAX_FRAME_SIZE, channels: 1_023, idle: 10_000, hostname: '127.0.0.1', properties: { product: 'lokean' } })
})

test('messages come over TLS as they were sent, small ones and such as take many frames', async t => {
  const { port, connections } = await tlsBus(t)
  const connection = connect({
    host: '127.0.0.1', port, tls: true
  }, { ca: CERTIFICATE, username: 'lokean', password: new Secret('x') }, 'a-test')
  t.after(() => { socketOf(connection)?.destroy(new Error('the test is over')) })
  connection.on('disconnected', () => {})
  await until('it is open', () => connection.is_open() && connections.length === 1)
  const contents: Buffer[] = []
  const messages = [
    3, 200, 2 ** 20, 70_000, 0, 2 ** 20 + 1
  ].map((size, seed) => Buffer.from(Uint8Array.from({ length: size }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 13) & 0xff)))
  connections[0].on('sender_open', ({ sender }: EventContext) => { for (const message of messages) sender?.send(message, undefined, 0) })
  const subscription = new Subscription({
    connection,
    budget: new Budget('logs', 2 ** 24),
    onDelivery: ({ message }: Delivery) => { contents.push(Buffer.from(message)) },
    onAttached: () => {},
    onEnded: () => {}
  })
  await until('all are here', () => contents.length === messages.length)
  assert.ok(contents.every((content, i) => content.equals(messages[i])))
  assert.ok(!subscription.gone)
})
