import assert from 'node:assert/strict'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { Secret } from '../../../../src/secret.ts'
import type { Credentials } from '../../../../src/source/amqp/connection.ts'
import { AmqpPeer } from '../../../helpers/amqp-peer.ts'
import { Authority } from '../../../helpers/authority.ts'
import { Changing } from '../../../helpers/changing.ts'
import { listen } from '../../../helpers/http-server.ts'
import { until } from '../../../helpers/until.ts'
import { runningBus } from './running-bus.ts'

const [OLD, NEW] = [new Authority('old'), new Authority('new')]
const LOGIN = { username: 'lokean', password: new Secret('p') }

interface SecureBus { port: number, server: Server, sockets: TLSSocket[], drop: () => void }

/** A bus behind TLS. `drop` ends its connections. */
async function secureBus (t: TestContext, names?: string[]): Promise<SecureBus> {
  const peer = await AmqpPeer.listen(t, { plain: () => true })
  const sockets: TLSSocket[] = []
  const trust = { ca: [OLD.ca, NEW.ca], requestCert: true, rejectUnauthorized: false }
  const server = createServer({ ...OLD.issue('bus', { names }), ...trust }, socket => {
    sockets.push(socket)
    const far = connect(peer.port, '127.0.0.1')
    for (const one of [socket, far]) one.on('error', () => {})
    socket.pipe(far).pipe(socket)
    socket.on('close', () => far.destroy())
  })
  const { port } = await listen(t, server)
  return { port, server, sockets, drop: () => { for (const socket of sockets) socket.destroy() } }
}

test('authority, certificate and key are those of the files at each connect; the connection that is there stays', async t => {
  const bus = await secureBus(t)
  const [one, two] = [OLD.issue('one'), NEW.issue('two')]
  const login = (ca: string, { cert, key }: { cert: string, key: string }): Credentials => ({ ...LOGIN, ca, cert, key: new Secret(key) })
  const credentials = new Changing(login(OLD.ca, one))
  const { client, counts } = runningBus(t, { ports: [bus.port], tls: true, credentials })
  await until('it is attached', () => client.status().ok)
  bus.server.setSecureContext({ ...NEW.issue('bus'), ca: [OLD.ca, NEW.ca] })
  credentials.files = login(NEW.ca, two)
  assert.deepEqual([client.status().ok, counts], [true, { connected: 1, disconnected: 0 }])
  bus.drop()
  await until('it is attached again', () => counts.connected === 2 && client.status().ok)
  assert.deepEqual(bus.sockets.map(socket => socket.getPeerX509Certificate()?.subject ?? 'gone').slice(-1), ['CN=two'])
})

test('a server name is asked for and compared with the certificate, in place of the host', async t => {
  const bus = await secureBus(t, ['DNS:bus.cluster.local'])
  const { client } = runningBus(t, { ports: [bus.port], tls: true, servername: 'bus.cluster.local', credentials: { ...LOGIN, ca: OLD.ca } })
  await until('it is attached', () => client.status().ok)
  assert.equal(bus.sockets[0]?.servername, 'bus.cluster.local')
  const { lines } = runningBus(t, { ports: [bus.port], tls: true, servername: 'other.example', credentials: { ...LOGIN, ca: OLD.ca } })
  await until('it has tried', () => lines.length >= 1)
  assert.equal(lines[0]?.reason, 'the certificate of the bus is for DNS:bus.cluster.local, not for other.example')
})
