import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { spokenAt } from '../../../../src/commands/check/spoken.ts'
import { startBus } from '../../../../src/embedded/bus/bus.ts'
import { httpServer, listen, tcpServer } from '../../../helpers/http-server.ts'
import { CERTIFICATE as cert, KEY as key } from '../../embedded/bus/certificate.ts'

const AMQP_HEADER = 'AMQP\x03\x01\0\0'

async function spoken (port: number): Promise<string | undefined> {
  return await spokenAt('127.0.0.1', port)
}

test('each protocol is told by what it answers', async t => {
  const http = await httpServer(t, response => { response.end() })
  const https = await httpServer(t, response => { response.end() }, { key, cert })
  const bus = await startBus()
  t.after(async () => { await bus.close() })
  const amqps = await listen(t, createTlsServer({ key, cert }, socket => {
    socket.on('error', () => {}).once('data', () => socket.end(AMQP_HEADER))
  }))
  const wanting = await listen(t, createTlsServer({ key, cert, ca: cert, requestCert: true, rejectUnauthorized: true }))
  const mute = await tcpServer(t, socket => { socket.once('data', () => socket.end('220 mail')) })

  assert.equal(await spoken(Number(new URL(http.url).port)), 'http')
  assert.equal(await spoken(Number(new URL(https.url).port)), 'https')
  assert.equal(await spoken(bus.port), 'amqp')
  assert.equal(await spoken(amqps.port), 'amqps')
  assert.equal(await spoken(wanting.port), 'tls')
  assert.equal(await spoken(mute.port), undefined)
  assert.equal(await spoken(1), undefined)
})

test('a server of TLS that answers plain HTTP by an error is one of TLS', async t => {
  const { port } = await listen(t, createTlsServer({ key, cert }).on('tlsClientError', (_, socket) => {
    socket.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n')
  }).on('secureConnection', socket => { socket.on('error', () => {}).once('data', () => socket.end()) }))
  assert.equal(await spoken(port), 'tls')
})
