import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { MAX_FRAME_BYTES } from '../../../../src/source/amqp/frames.ts'
import { connectReading } from '../../../../src/source/amqp/socket.ts'
import { listen } from '../../../helpers/http-server.ts'
import { turn, until } from '../../../helpers/until.ts'
import { CERTIFICATE, KEY } from '../../embedded/bus/certificate.ts'
import { transferFrame } from './transfer-frame.ts'

const HEADER = Buffer.from('AMQP\0\x01\0\0', 'latin1')

interface Peer { port: number, accepted: Promise<Socket> }

async function peer (t: TestContext, tls: boolean): Promise<Peer> {
  const server: Server = tls ? createTlsServer({ key: KEY, cert: CERTIFICATE }) : createTcpServer()
  const accepted = once(server, tls ? 'secureConnection' : 'connection').then(([socket]) => {
    (socket as Socket).on('error', () => {})
    return socket as Socket
  })
  return { port: (await listen(t, server)).port, accepted }
}

function reading (t: TestContext, port: number, tls: boolean, onFrame: (frame: Buffer) => void) {
  const seen = { reads: 0, errors: [] as unknown[], closed: false }
  const connect = connectReading(tls, { onFrame, onRead: () => { seen.reads++ }, onError: error => { seen.errors.push(error) } })
  const socket = connect(port, '127.0.0.1', { ca: CERTIFICATE, servername: '' }, () => {})
  socket.on('error', () => {})
  socket.on('close', () => { seen.closed = true })
  t.after(() => { socket.destroy() })
  return { socket, seen }
}

function payload (size: number, seed: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 13) & 0xff))
}

for (const tls of [false, true]) {
  const over = tls ? 'TLS' : 'a plain socket'

  test(`${over}: frames of all sizes come out whole, in order and byte for byte`, async t => {
    const { port, accepted } = await peer(t, tls)
    const units: Buffer[] = []
    const { seen } = reading(t, port, tls, frame => { units.push(Buffer.from(frame)) })
    const server = await accepted
    const sizes = [0, 1, 700, MAX_FRAME_BYTES - 100, 20_000, 65_000, 3, 600_000, 600_000, MAX_FRAME_BYTES - 40, 12]
    const expected = [HEADER, ...sizes.map((size, id) => transferFrame({ id, payload: payload(size, id) }))]
    const stream = Buffer.concat(expected)
    for (let at = 0, length = 1; at < stream.length; at += length, length = length * 3 % 100_003 + 1) {
      if (!server.write(stream.subarray(at, at + length))) await once(server, 'drain')
    }
    await until('all are here', () => units.length >= expected.length)
    assert.deepEqual(units.map(({ length }) => length), expected.map(({ length }) => length))
    for (const [i, unit] of units.entries()) assert.ok(unit.equals(expected[i]), `unit ${i}`)
    assert.deepEqual(seen.errors, [])
    assert.ok(seen.reads > 1)
  })

  test(`${over}: behind an error nothing is read any more, whoever hears of it`, async t => {
    const { port, accepted } = await peer(t, tls)
    const failure = new Error('not this one')
    const ids: number[] = []
    const { seen, socket } = reading(t, port, tls, frame => {
      if (ids.push(frame.length) === 3) throw failure
    })
    const server = await accepted
    server.write(Buffer.concat([
      HEADER, transferFrame({ id: 0 }), transferFrame({ id: 1 }), transferFrame({ id: 2 }), transferFrame({ id: 3 }).subarray(0, 9)
    ]))
    await until('the socket is closed', () => seen.closed)
    server.write(transferFrame({ id: 4 }))
    await turn()
    assert.deepEqual([ids.length, seen.errors, socket.destroyed], [3, [failure], true])
  })

  test(`${over}: what is too large to be a frame is an error, and the end of it`, async t => {
    const { port, accepted } = await peer(t, tls)
    const units: Buffer[] = []
    const { seen } = reading(t, port, tls, frame => { units.push(Buffer.from(frame)) });
    (await accepted).write(Buffer.concat([HEADER, Buffer.from('7fffffff02000000', 'hex')]))
    await until('the socket is closed', () => seen.closed)
    assert.deepEqual([units.length, seen.errors.length], [1, 1])
    assert.match(String(seen.errors[0]), /a frame of 2147483647 bytes/)
  })
}

test('who closes the socket while a frame is handed over gets none of the others of that read', async t => {
  const { port, accepted } = await peer(t, false)
  const units: number[] = []
  const { seen, socket } = reading(t, port, false, frame => {
    units.push(frame.length)
    if (units.length === 2) socket.destroy()
  });
  (await accepted).write(Buffer.concat([HEADER, transferFrame({ id: 0 }), transferFrame({ id: 1 }), transferFrame({ id: 2 })]))
  await until('the socket is closed', () => seen.closed)
  assert.deepEqual([units.length, seen.errors], [2, []])
})
