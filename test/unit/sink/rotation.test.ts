import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import { suite, test, type TestContext } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { Secret } from '../../../src/secret.ts'
import { LokiClient, type LokiAccess, type LokiLogin } from '../../../src/sink/client.ts'
import { Authority, type Identity } from '../../helpers/authority.ts'
import { Changing } from '../../helpers/changing.ts'
import { httpServer, listen } from '../../helpers/http-server.ts'
import { turn } from '../../helpers/until.ts'

const { signal } = new AbortController()
const [OLD, NEW] = [new Authority('old'), new Authority('new')]

function clientFor (t: TestContext, url: string, login: LokiAccess['login'], servername?: string): () => Promise<string> {
  const client = new LokiClient({ urls: [url], timeoutMs: 10_000, login, servername }, 'test')
  t.after(async () => { await client.close() })
  return async () => {
    const answer = await client.push(0, '', Buffer.from('x'), signal)
    return answer.kind === 'retry' ? `${answer.reason} ${answer.message}` : answer.kind
  }
}

suite('a login that is refused is looked up at once', () => {
  for (const [status, headers] of [[401, {}], [403, {}], [302, { location: 'https://login.example' }]] as const) {
    test(`answered ${status}`, async t => {
      let right = 'Bearer one'
      const { url } = await httpServer(t, (response, { headers: { authorization } }) => {
        response.writeHead(authorization === right ? 204 : status, headers).end()
      })
      const login = new Changing<LokiLogin>({ token: new Secret('one') })
      const push = clientFor(t, url, login)
      assert.equal(await push(), 'stored')
      login.files = { token: new Secret('two') }
      right = 'Bearer two'
      await turn()
      // Over a new connection the login is new too.
      assert.match(await push(), new RegExp(`stored|blocked ${status}`))
      await turn()
      assert.equal(await push(), 'stored')
    })
  }
})

test('other answers are no reason to look', async t => {
  const statuses = [400, 429, 503, 204]
  const { url, received } = await httpServer(t, response => { response.writeHead(statuses[received.length - 1] ?? 204).end() })
  const login = new Changing<LokiLogin>({ token: new Secret('one') })
  const client = new LokiClient({ urls: [url], timeoutMs: 10_000, login }, 'test')
  t.after(async () => { await client.close() })
  const looks = t.mock.method(login, 'refresh')
  while (received.length < statuses.length) await client.push(0, '', Buffer.from('x'), signal)
  assert.deepEqual(received.map(({ headers }) => headers.authorization), Array(4).fill('Bearer one'))
  assert.ok(looks.mock.callCount() <= 4, 'it looks where it connects')
})

/** A Loki over TLS. `rotate` gives new connections another certificate, and drops those that are there. */
async function secureLoki (t: TestContext, identity: Identity, ca?: string) {
  const peers: string[] = []
  const names: unknown[] = []
  const server = createServer({ ...identity, ca, requestCert: ca !== undefined }, (request, response) => {
    const socket = request.socket as TLSSocket
    peers.push(String(socket.getPeerCertificate()?.subject?.CN))
    names.push(socket.servername)
    request.resume().on('end', () => response.writeHead(204).end())
  })
  const { port, sockets } = await listen(t, server)
  const rotate = (next: Identity, ca?: string): void => {
    server.setSecureContext({ ...next, ca })
    for (const socket of sockets) socket.destroy()
  }
  return { url: `https://127.0.0.1:${port}`, sockets, peers, names, rotate }
}

test('an authority that has changed holds from the next connection on, after a failure at the latest', async t => {
  const loki = await secureLoki(t, OLD.issue('loki'))
  const login = new Changing<LokiLogin>({ ca: OLD.ca })
  const push = clientFor(t, loki.url, login)
  assert.equal(await push(), 'stored')
  loki.rotate(NEW.issue('loki'))
  assert.match(await push(), /^connection /)
  login.files = { ca: NEW.ca }
  assert.match(await push(), /^connection|^stored/)
  assert.equal(await push(), 'stored')
})

test('a bundle of two authorities takes a server of either', async t => {
  const loki = await secureLoki(t, OLD.issue('loki'))
  const push = clientFor(t, loki.url, new Changing<LokiLogin>({ ca: OLD.ca + NEW.ca }))
  assert.equal(await push(), 'stored')
  loki.rotate(NEW.issue('loki'))
  await push()
  assert.equal(await push(), 'stored')
})

test('a new certificate is shown over a new connection, and no push is dropped for it', async t => {
  const loki = await secureLoki(t, OLD.issue('loki'), OLD.ca)
  const [one, two] = ['one', 'two'].map(name => OLD.issue(name))
  const login = new Changing<LokiLogin>({ ca: OLD.ca, cert: one?.cert, key: new Secret(one?.key ?? '') })
  const push = clientFor(t, loki.url, login)
  assert.equal(await push(), 'stored')
  const pushes = Array.from({ length: 20 }, async () => await push())
  login.files = { ca: OLD.ca, cert: two?.cert, key: new Secret(two?.key ?? '') }
  login.refresh()
  assert.deepEqual(new Set(await Promise.all(pushes)), new Set(['stored']))
  const before = loki.peers.length
  assert.equal(await push(), 'stored')
  assert.deepEqual(loki.peers.slice(before), ['two'])
})

test('a server name is asked for and compared with the certificate, in place of the host', async t => {
  const loki = await secureLoki(t, OLD.issue('loki', { names: ['DNS:loki.cluster.local'] }))
  const login = new Changing<LokiLogin>({ ca: OLD.ca })
  assert.equal(await clientFor(t, loki.url, login, 'loki.cluster.local')(), 'stored')
  assert.deepEqual(loki.names, ['loki.cluster.local'])
  assert.match(await clientFor(t, loki.url, login)(), /is for DNS:loki\.cluster\.local, not for 127\.0\.0\.1$/)
  assert.match(await clientFor(t, loki.url, login, 'other.example')(), /is for DNS:loki\.cluster\.local, not for other\.example$/)
})
