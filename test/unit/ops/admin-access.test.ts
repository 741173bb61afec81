import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { askAdmin } from '../../../src/commands/admin-port.ts'
import { createLogger } from '../../../src/log.ts'
import { type Admin, type AdminOptions, startAdmin } from '../../../src/ops/admin.ts'
import { fixed } from '../../../src/provider.ts'
import { Secret } from '../../../src/secret.ts'
import { CERTIFICATE as OTHER, PRIVATE_KEY as OTHER_KEY } from '../config/tls-material.ts'
import { CERTIFICATE, KEY } from '../embedded/bus/certificate.ts'
import { httpServer } from '../../helpers/http-server.ts'

const host = '127.0.0.1'
const token = new Secret('s3same')
const TLS = { cert: CERTIFICATE, key: new Secret(KEY) }
const TIMEOUT_MS = 30_000
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

async function start (t: TestContext, options: Partial<AdminOptions>): Promise<Admin> {
  const admin = await startAdmin({
    host,
    port: 0,
    registry: { contentType: 'text/plain', metrics: async () => await Promise.resolve('lokean_x 1\n') },
    status: () => ({ ready: true, checks: {} }),
    page: {
      files: new Map([['/', { type: 'text/html', body: Buffer.from('the page') }]]),
      watch: response => { response.end('data: all\n\n'); return true }
    },
    log: createLogger({ level: 'silent' }),
    ...options
  })
  t.after(async () => { await admin.close() })
  return admin
}

/** Asks with the header, trusting the certificate of the tests. */
async function ask (admin: Admin, path: string, authorization?: string): Promise<IncomingMessage> {
  const headers = authorization === undefined ? {} : { authorization }
  const asked = request(admin.url + path, { agent: false, ca: CERTIFICATE, headers }).end()
  const [response] = await once(asked, 'response') as [IncomingMessage]
  response.resume()
  return response
}

test('without the token only the probes answer, by TLS and otherwise whole', async t => {
  const admin = await start(t, { access: fixed({ ...TLS, token }) })
  assert.match(admin.url, /^https:/)
  for (const path of ['/', '/live', '/metrics', '/nosuch', '/healthz/../metrics', '//metrics']) {
    for (const wrong of [
      undefined, '', 'Bearer', 'Bearer s3sam', 'Bearer s3same1', 's3same', 'Digest s3same', basic('3same'), basic('s3same:x')
    ]) {
      const { statusCode, headers } = await ask(admin, path, wrong)
      assert.equal(statusCode, 401, `${path} ${wrong}`)
      assert.match(headers['www-authenticate'] ?? '', /^Bearer realm=.*Basic realm=/)
    }
  }
  for (const right of ['Bearer s3same', 'bearer s3same', basic('anybody:s3same')]) {
    for (const path of ['/', '/live', '/metrics']) assert.equal((await ask(admin, path, right)).statusCode, 200, `${path} ${right}`)
    assert.equal((await ask(admin, '/nosuch', right)).statusCode, 404)
  }
  for (const path of ['/healthz', '/readyz']) assert.equal((await ask(admin, path)).statusCode, 200)
})

test('without a token all is open, by TLS too', async t => {
  const admin = await start(t, { access: fixed(TLS) })
  for (const path of ['/', '/metrics']) assert.equal((await ask(admin, path)).statusCode, 200)
})

test('a handshake that does not come, or is none, holds no connection', async t => {
  const admin = await start(t, { access: fixed(TLS), limits: { headersTimeoutMs: 50 } })
  for (const bytes of ['', 'GET / HTTP/1.1\r\n\r\n']) {
    const socket = connect(admin.port, host)
    socket.on('error', () => {})
    socket.resume()
    const closed = once(socket, 'close')
    if (bytes !== '') socket.write(bytes)
    await closed
  }
  assert.equal((await ask(admin, '/healthz')).statusCode, 200)
})

test('the program\'s own commands bring the token, to who shows the certificate of the settings only', async t => {
  const own = { ...TLS, token }
  const admin = await start(t, { access: fixed(own) })
  const settings = { host, port: admin.port, access: fixed(own) }
  assert.deepEqual(await askAdmin(settings, '/metrics', TIMEOUT_MS), { status: 200, body: 'lokean_x 1\n' })
  assert.deepEqual((await askAdmin({ ...settings, access: fixed({ ...own, token: undefined }) }, '/metrics', TIMEOUT_MS)).status, 401)
  const plain = await httpServer(t, response => { response.end() })
  const probed = { host, port: Number(new URL(plain.url).port), access: fixed({ cert: undefined, key: undefined, token }) }
  for (const path of ['/healthz', '/metrics']) await askAdmin(probed, path, TIMEOUT_MS)
  assert.deepEqual(plain.received.map(({ headers }) => headers.authorization), [undefined, 'Bearer s3same'], 'a probe needs none')
  await assert.rejects(askAdmin({ ...settings, port: Number(new URL(plain.url).port) }, '/metrics', TIMEOUT_MS))
  await assert.rejects(askAdmin({ ...settings, access: fixed({ ...own, cert: OTHER }) }, '/metrics', TIMEOUT_MS), /another certificate than that of LOKEAN_ADMIN_CERT/)
})

test('a token and a certificate that change hold from the next request and the next connection on', async t => {
  let current = { ...TLS, token }
  const admin = await start(t, { access: { get current () { return current }, refresh: () => current } })
  assert.equal((await ask(admin, '/metrics', 'Bearer s3same')).statusCode, 200)
  current = { cert: OTHER, key: new Secret(OTHER_KEY), token: new Secret('n3w') }
  await assert.rejects(ask(admin, '/metrics'), 'the tests trust the first certificate only')
  const as = (token: string) => ({ host, port: admin.port, access: fixed({ ...current, token: new Secret(token) }) })
  assert.deepEqual((await askAdmin(as('s3same'), '/metrics', TIMEOUT_MS)).status, 401)
  assert.deepEqual((await askAdmin(as('n3w'), '/metrics', TIMEOUT_MS)).status, 200)
})
