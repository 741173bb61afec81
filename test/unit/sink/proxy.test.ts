import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fixed } from '../../../src/provider.ts'
import { Secret } from '../../../src/secret.ts'
import { LokiClient, type LokiLogin } from '../../../src/sink/client.ts'
import { type HttpProxy, httpProxy } from '../../helpers/http-proxy.ts'
import { httpServer, tcpServer } from '../../helpers/http-server.ts'
import { CERTIFICATE, KEY } from '../embedded/bus/certificate.ts'
import { CERTIFICATE as OTHER_NAME, PRIVATE_KEY as OTHER_KEY } from '../config/tls-material.ts'

/** No program listens on port 1. */
const NOBODY = 'http://127.0.0.1:1'
const BODY = Buffer.from('a snappy block')
const TLS = { key: KEY, cert: CERTIFICATE }
const CREDENTIALS = { username: 'lokean', password: new Secret('pä:ss') }

interface Access extends LokiLogin { urls: string[], timeoutMs?: number }

function clientFor (t: TestContext, { url }: Pick<HttpProxy, 'url'>, { urls, timeoutMs = 10_000, ...login }: Access): LokiClient {
  const client = new LokiClient({ urls, timeoutMs, login: fixed({ proxy: { url, credentials: undefined }, ...login }) }, '1.2.3')
  t.after(async () => { await client.close() })
  return client
}

interface Outcome { outcome: string, message?: string, hint?: string, unsent?: boolean }

async function push (client: LokiClient): Promise<Outcome> {
  const answer = await client.push(0, 'cloud1', BODY, new AbortController().signal)
  if (answer.kind !== 'retry') return { outcome: answer.kind }
  const { reason, message, hint, unsent } = answer
  return { outcome: reason, message, hint, unsent }
}

for (const tls of [undefined, TLS]) {
  const scheme = tls === undefined ? 'http' : 'https'
  test(`pushes and reads through a proxy that is reached by ${scheme}`, async t => {
    const proxy = await httpProxy(t, { tls })
    for (const own of [undefined, TLS]) {
      const loki = await httpServer(t, response => { response.writeHead(204).end() }, own)
      const client = clientFor(t, proxy, { urls: [`${loki.url}/gateway`], ca: CERTIFICATE })
      assert.deepEqual(await push(client), { outcome: 'stored' })
      assert.equal(await client.ready(0, new AbortController().signal), undefined)
      assert.deepEqual(loki.received.map(({ url }) => url), ['/gateway/loki/api/v1/push', '/gateway/ready'])
      const [{ headers, body }] = loki.received
      assert.deepEqual([headers['x-scope-orgid'], headers['proxy-authorization']], ['cloud1', undefined])
      assert.ok(body.equals(BODY))
      const { host } = new URL(loki.url)
      assert.equal(headers.host, host)
      assert.ok(proxy.proxied.every(({ target }) => target.includes(host)), 'nothing goes elsewhere')
      // What Loki speaks TLS to is seen by nobody between.
      if (own !== undefined) assert.ok(proxy.proxied.every(({ method }) => method === 'CONNECT'))
      assert.ok(proxy.proxied.splice(0).length > 0)
    }
  })
}

test('a plain request does without CONNECT, which proxies refuse at most ports', async t => {
  const proxy = await httpProxy(t)
  const loki = await httpServer(t, response => { response.writeHead(204).end() })
  await push(clientFor(t, proxy, { urls: [loki.url] }))
  assert.deepEqual(proxy.proxied.map(({ method, target }) => `${method} ${target}`), [`POST ${loki.url}/loki/api/v1/push`])
})

test('logs in at the proxy, which Loki is not told of', async t => {
  const proxy = await httpProxy(t, { login: 'lokean:pä:ss' })
  for (const tls of [undefined, TLS]) {
    const loki = await httpServer(t, response => { response.writeHead(204).end() }, tls)
    const access = { urls: [loki.url], ca: CERTIFICATE }
    const known = clientFor(t, proxy, { ...access, proxy: { url: proxy.url, credentials: CREDENTIALS } })
    assert.deepEqual(await push(known), { outcome: 'stored' })
    const refused = await push(clientFor(t, proxy, access))
    const { host } = new URL(proxy.url)
    assert.deepEqual([refused.outcome, refused.message], ['connection', `the proxy ${host} answers 407`])
    assert.match(refused.hint ?? '', /^LOKEAN_LOKI_PROXY must have the user and password/)
    assert.deepEqual(loki.received.map(({ headers }) => headers['proxy-authorization']), [undefined])
  }
})

test('says of what stands in the way whether it is the proxy', async t => {
  const proxy = await httpProxy(t)
  const other = await httpProxy(t, { tls: { key: OTHER_KEY, cert: OTHER_NAME } })
  const plain = await httpServer(t, response => { response.end() })
  const tls = await httpServer(t, response => { response.writeHead(204).end() }, TLS)
  const through = async (url: string, to: { url: string }, ca?: string) => await push(clientFor(t, to, { urls: [url], ca }))

  const unreached = await through(tls.url, { url: NOBODY })
  assert.match(unreached.message ?? '', /^the proxy 127\.0\.0\.1:1 cannot be reached \(connect ECONNREFUSED/)
  assert.deepEqual([unreached.unsent, unreached.hint], [true, 'is the proxy up, and LOKEAN_LOKI_PROXY right?'])
  assert.match((await through(tls.url, other, OTHER_NAME)).message ?? '', /^the certificate of the proxy 127\.0\.0\.1:\d+ is for /)
  assert.match((await through(tls.url, proxy)).hint ?? '', /^LOKEAN_LOKI_CA must name/)
  assert.match((await through(plain.url.replace('http:', 'https:'), proxy)).message ?? '', /^no TLS is spoken/)
  proxy.refusal = 403
  const forbidden = await through(tls.url, proxy)
  assert.match(forbidden.message ?? '', /^the proxy 127\.0\.0\.1:\d+ answers 403$/)
  assert.match(forbidden.hint ?? '', new RegExp(`let through to ${new URL(tls.url).host}`))
})

test('a push whose proxy says nothing was never sent', async t => {
  const silent = await tcpServer(t, () => {})
  const { url } = await httpServer(t, response => { response.writeHead(204).end() }, TLS)
  const client = clientFor(t, { url: `http://127.0.0.1:${silent.port}` }, { urls: [url], timeoutMs: 100 })
  for (let i = 0; i < 2; i++) {
    const { outcome, unsent } = await push(client)
    assert.deepEqual({ outcome, unsent }, { outcome: 'timeout', unsent: true })
  }
})

test('a connection through a proxy serves one push after the other', async t => {
  const proxy = await httpProxy(t)
  const loki = await httpServer(t, response => { response.writeHead(204).end() }, TLS)
  const client = clientFor(t, proxy, { urls: [loki.url], ca: CERTIFICATE })
  for (let i = 0; i < 20; i++) assert.equal((await push(client)).outcome, 'stored')
  assert.equal(loki.received.length, 20)
  assert.ok(proxy.proxied.length < 20, `${proxy.proxied.length} tunnels`)
})
