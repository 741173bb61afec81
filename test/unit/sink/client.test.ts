import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { fixed } from '../../../src/provider.ts'
import { Secret } from '../../../src/secret.ts'
import type { Answer } from '../../../src/sink/classify.ts'
import { LokiClient, type LokiAccess } from '../../../src/sink/client.ts'
import { httpServer, tcpServer } from '../../helpers/http-server.ts'
import { until } from '../../helpers/until.ts'
import { CERTIFICATE, KEY } from '../embedded/bus/certificate.ts'

/** No program listens on port 1. A port that was free a moment ago may belong to another test by now. */
const NOBODY = 1

const BODY = Buffer.from('a snappy block')

function clientFor (t: TestContext, access: Partial<LokiAccess> & { urls: string[] }): LokiClient {
  const client = new LokiClient({ timeoutMs: 10_000, ...access }, '1.2.3')
  t.after(async () => { await client.close() })
  return client
}

async function push (client: LokiClient, tenant = '', body: Uint8Array = BODY, signal = new AbortController().signal): Promise<Answer> {
  return await client.push(0, tenant, body, signal)
}

function retryReason (answer: Answer): string {
  return answer.kind === 'retry' ? answer.reason : answer.kind
}

test('posts the body as it is to the push endpoint, and says what it holds', async t => {
  const { url, received } = await httpServer(t, response => { response.writeHead(204).end() })
  const client = clientFor(t, { urls: [url] })
  const body = randomBytes(300_000)
  assert.deepEqual(await push(client, '', body), { kind: 'stored', status: 204 })
  const [{ method, url: path, headers, body: got }] = received
  assert.equal(method, 'POST')
  assert.equal(path, '/loki/api/v1/push')
  assert.equal(headers['content-type'], 'application/x-protobuf')
  assert.equal(headers['content-length'], '300000')
  assert.equal(headers['user-agent'], 'lokean/1.2.3')
  assert.equal(headers['x-scope-orgid'], undefined)
  assert.equal(headers.authorization, undefined)
  assert.ok(got.equals(body))
})

test('keeps a path in the URL, with and without a slash at its end', async t => {
  const { url, received } = await httpServer(t, response => { response.writeHead(204).end() })
  const client = clientFor(t, { urls: [`${url}/gateway/loki-1`, `${url}/other/`] })
  const { signal } = new AbortController()
  await client.push(0, '', BODY, signal)
  await client.push(1, '', BODY, signal)
  await client.ready(0, signal)
  assert.deepEqual(received.map(({ url }) => url), ['/gateway/loki-1/loki/api/v1/push', '/other/loki/api/v1/push', '/gateway/loki-1/ready'])
})

test('says whether a push that failed had been sent', async t => {
  const silent = await tcpServer(t, () => {})
  const broken = await tcpServer(t, socket => { socket.once('data', () => { socket.destroy() }) })
  const urls = [silent.port, broken.port, NOBODY].map(port => `http://127.0.0.1:${port}`)
  const client = clientFor(t, { urls, timeoutMs: 100 })
  const unsent = async (endpoint: number): Promise<boolean | undefined> => {
    const answer = await client.push(endpoint, '', BODY, new AbortController().signal)
    assert.equal(answer.kind, 'retry')
    return answer.kind === 'retry' ? answer.unsent : undefined
  }
  assert.deepEqual([await unsent(0), await unsent(1), await unsent(2)], [false, false, true])
})

test('a connection that the server closed while it was idle is seen before the next push: that one goes over another', async t => {
  const { url, received, sockets } = await httpServer(t, response => { response.writeHead(204).end() })
  const client = clientFor(t, { urls: [url] })
  for (let i = 0; i < 20; i++) {
    assert.equal((await push(client)).kind, 'stored', `push ${i}`)
    for (const socket of sockets) socket.destroy()
  }
  assert.equal(received.length, 20)
})

test('names the tenant', async t => {
  const { url, received } = await httpServer(t, response => { response.writeHead(204).end() })
  const client = clientFor(t, { urls: [url] })
  await push(client, 'cloud1')
  await push(client, 'cloud2')
  await push(client)
  assert.deepEqual(received.map(({ headers }) => headers['x-scope-orgid']), ['cloud1', 'cloud2', undefined])
})

test('logs in with user name and password, or with a token', async t => {
  const { url, received } = await httpServer(t, response => { response.writeHead(204).end() })
  await push(clientFor(t, { urls: [url], login: fixed({ username: 'lokean', password: new Secret('pä:ss') }) }))
  await push(clientFor(t, { urls: [url], login: fixed({ username: 'lokean' }) }))
  await push(clientFor(t, { urls: [url], login: fixed({ token: new Secret('t0ken') }) }))
  assert.deepEqual(received.map(({ headers }) => headers.authorization), [
    `Basic ${Buffer.from('lokean:pä:ss', 'utf8').toString('base64')}`,
    `Basic ${Buffer.from('lokean:').toString('base64')}`,
    'Bearer t0ken'
  ])
})

test('sends headers of the operator\'s own, which replace none that it sets itself', async t => {
  const { url, received } = await httpServer(t, response => { response.writeHead(204).end() })
  const headers = ['x-gateway-key', 'content-type', 'authorization', 'x-scope-orgid', 'user-agent', 'cache-control']
    .map(name => ({ name, value: new Secret(`own ${name}`) }))
  const client = clientFor(t, { urls: [url], login: fixed({ token: new Secret('t0ken'), headers }) })
  await push(client, 'cloud1')
  await client.get(0, 'cloud1', '/ready', new AbortController().signal, { 'cache-control': 'no-cache' })
  for (const { headers } of received) {
    assert.deepEqual(
      [headers['x-gateway-key'], headers['content-type'], headers.authorization, headers['x-scope-orgid'], headers['user-agent']],
      ['own x-gateway-key', 'application/x-protobuf', 'Bearer t0ken', 'cloud1', 'lokean/1.2.3']
    )
  }
  assert.equal(received[1].headers['cache-control'], 'no-cache')
})

test('passes on what Loki answers', async t => {
  const answers: Array<[status: number, body: string, headers?: Record<string, string>]> = [
    [400, 'entry too far behind\n'],
    [429, 'Ingestion rate limit exceeded', { 'retry-after': '3' }],
    [503, ''],
    [401, 'no org id'],
    [200, '{"ok":true}']
  ]
  const { url } = await httpServer(t, (response, { headers }) => {
    const [status, body, more] = answers[Number(headers['x-scope-orgid'])]
    response.writeHead(status, more).end(body)
  })
  const client = clientFor(t, { urls: [url] })
  const got = []
  for (const i of answers.keys()) {
    const { hint: _hint, ...answer } = await push(client, String(i)) as Answer & { hint?: string }
    got.push(answer)
  }
  assert.deepEqual(got, [
    { kind: 'rejected', status: 400, message: 'entry too far behind', fault: 'entry' },
    { kind: 'retry', reason: '429', status: 429, message: '429 Ingestion rate limit exceeded', retryAfterMs: 3_000 },
    { kind: 'retry', reason: '5xx', status: 503, message: '503 ', retryAfterMs: undefined },
    { kind: 'retry', reason: 'blocked', status: 401, message: '401 no org id' },
    { kind: 'retry', reason: 'blocked', status: 200, message: '200 {"ok":true}' }
  ])
})

test('keeps only the beginning of a long answer', async t => {
  const { url } = await httpServer(t, response => { response.writeHead(400).end('x'.repeat(1_000_000)) })
  const answer = await push(clientFor(t, { urls: [url] }))
  assert.equal(answer.kind === 'rejected' && answer.message, 'x'.repeat(8192))
})

test('does not wait for the end of an answer that has none', async t => {
  const { url } = await httpServer(t, response => {
    response.writeHead(400)
    const more = (): void => { if (!response.destroyed) response.write('x'.repeat(100_000), () => setImmediate(more)) }
    more()
  })
  const answer = await push(clientFor(t, { urls: [url] }))
  assert.equal(answer.kind === 'rejected' && answer.message.length, 8192)
})

test('a server that never answers is a timeout', async t => {
  const { url, received } = await httpServer(t, () => {})
  assert.equal(retryReason(await push(clientFor(t, { urls: [url], timeoutMs: 500 }))), 'timeout')
  assert.equal(received.length, 1)
})

test('a server that begins an answer and goes no further is a timeout', async t => {
  const { url } = await httpServer(t, response => { response.writeHead(400, { 'content-length': '10' }).write('half') })
  assert.equal(retryReason(await push(clientFor(t, { urls: [url], timeoutMs: 50 }))), 'timeout')
})

test('a server that does not read is a timeout', async t => {
  const { port } = await tcpServer(t, socket => { socket.pause() })
  const client = clientFor(t, { urls: [`http://127.0.0.1:${port}`], timeoutMs: 100 })
  assert.equal(retryReason(await push(client, '', Buffer.alloc(32 * 2 ** 20))), 'timeout')
})

test('a refused connection is told with its address', async t => {
  const gone = NOBODY
  const answer = await push(clientFor(t, { urls: [`http://127.0.0.1:${gone}`] }))
  assert.equal(retryReason(answer), 'connection')
  assert.match((answer as { message: string }).message, /ECONNREFUSED/)
})

test('a connection that breaks before, within or after the headers is a lost connection', async t => {
  const cuts: Array<(socket: Socket) => void> = [
    socket => { socket.resetAndDestroy() },
    socket => { socket.once('data', () => socket.resetAndDestroy()) },
    socket => { socket.once('data', () => socket.end()) },
    socket => { socket.once('data', () => socket.end('HTTP/1.1 204 No Con')) },
    socket => { socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\nonly half of i')) },
    socket => { socket.once('data', () => socket.end('this is no HTTP\r\n\r\n')) }
  ]
  for (const [i, cut] of cuts.entries()) {
    const { port } = await tcpServer(t, cut)
    const answer = await push(clientFor(t, { urls: [`http://127.0.0.1:${port}`] }))
    assert.equal(retryReason(answer), 'connection', `cut ${i}`)
    assert.notEqual((answer as { message: string }).message, '')
  }
})

test('a 204 counts, though the connection breaks within what comes after it', async t => {
  const { port } = await tcpServer(t, socket => { socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\ncontent-length: 100\r\n\r\nonly half of i')) })
  assert.deepEqual(await push(clientFor(t, { urls: [`http://127.0.0.1:${port}`] })), { kind: 'stored', status: 204 })
})

test('a server that trickles its answer meets one deadline for the whole request', async t => {
  const { url, received } = await httpServer(t, response => {
    response.writeHead(400)
    const drip = setInterval(() => response.write('x'), 10)
    response.on('close', () => clearInterval(drip))
  })
  assert.equal(retryReason(await push(clientFor(t, { urls: [url], timeoutMs: 200 }))), 'timeout')
  assert.equal(received.length, 1)
})

test('a proxy that turns 204 into 200 is believed only where the setting says so', async t => {
  const { url } = await httpServer(t, response => { response.writeHead(200).end('ok') })
  assert.equal(retryReason(await push(clientFor(t, { urls: [url] }))), 'blocked')
  assert.deepEqual(await push(clientFor(t, { urls: [url], storedStatus: 200 })), { kind: 'stored', status: 200 })
})

test('an abort ends the push as a lost connection, and a push after it does not begin', async t => {
  const { url, received } = await httpServer(t, () => {})
  const client = clientFor(t, { urls: [url] })
  const abort = new AbortController()
  const pushed = push(client, '', BODY, abort.signal)
  await until('the server has the push', () => received.length === 1)
  abort.abort()
  assert.equal(retryReason(await pushed), 'connection')
  assert.equal(retryReason(await push(client, '', BODY, abort.signal)), 'connection')
  assert.equal(received.length, 1)
})

test('many pushes at once go over as many connections', async t => {
  const held: Array<() => void> = []
  const { url, received, sockets } = await httpServer(t, response => { held.push(() => response.writeHead(204).end()) })
  const client = clientFor(t, { urls: [url] })
  const pushes = Array.from({ length: 30 }, async () => await push(client))
  await until('all are there at once', () => received.length === 30)
  assert.equal(sockets.size, 30)
  for (const answer of held) answer()
  assert.ok((await Promise.all(pushes)).every(({ kind }) => kind === 'stored'))
})

test('connections are used again', async t => {
  const { url, received, sockets } = await httpServer(t, response => { response.writeHead(received.length % 2 === 0 ? 400 : 204).end() })
  const client = clientFor(t, { urls: [url] })
  const used = new Set()
  for (let i = 0; i < 6; i++) {
    await push(client)
    for (const socket of sockets) used.add(socket)
  }
  assert.ok(used.size < 6, `${used.size} connections for 6 pushes`)
})

test('close leaves no sockets, with a push under way and with connections kept alive', async t => {
  const { url, received, sockets } = await httpServer(t, (response, { headers }) => {
    if (headers['x-scope-orgid'] === undefined) response.writeHead(204).end()
  })
  const client = new LokiClient({ urls: [url], timeoutMs: 10_000 }, '0')
  await push(client)
  const pushed = push(client, 'never')
  await until('both are there', () => received.length === 2)
  await client.close()
  assert.equal(retryReason(await pushed), 'connection')
  await until('no socket is left', () => sockets.size === 0)
  assert.equal(retryReason(await push(client)), 'connection')
})

test('TLS: takes a server that its own CA has signed for, and no other', async t => {
  const { url } = await httpServer(t, response => { response.writeHead(204).end() }, { key: KEY, cert: CERTIFICATE })
  assert.equal((await push(clientFor(t, { urls: [url], login: fixed({ ca: CERTIFICATE }) }))).kind, 'stored')
  const refused = await push(clientFor(t, { urls: [url] }))
  assert.equal(retryReason(refused), 'connection')
  assert.match((refused as { message: string }).message, /self.signed/)
})

test('readiness: ready, not ready, unknown to a gateway, unreachable', async t => {
  const statuses = [200, 503, 404]
  const { url, received } = await httpServer(
    t, response => { response.writeHead(statuses[received.length - 1]).end(' Ingester not ready\n') }
  )
  const client = clientFor(t, { urls: [url, `http://127.0.0.1:${NOBODY}`] })
  const { signal } = new AbortController()
  assert.equal(await client.ready(0, signal), undefined)
  assert.equal(await client.ready(0, signal), '503 Ingester not ready')
  assert.equal(await client.ready(0, signal), undefined)
  assert.match(await client.ready(1, signal) ?? '', /ECONNREFUSED/)
  assert.deepEqual(received.map(({ method, url }) => `${method} ${url}`), ['GET /ready', 'GET /ready', 'GET /ready'])
})

test('a connection refused on every address of a name says so', async t => {
  const answer = await push(clientFor(t, { urls: [`http://localhost:${NOBODY}`] }))
  assert.match((answer as { message: string }).message, /ECONNREFUSED/)
})
