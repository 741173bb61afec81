import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { METHODS, request, Server } from 'node:http'
import type { IncomingHttpHeaders, RequestOptions } from 'node:http'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { startAdmin } from '../../../src/ops/admin.ts'
import type { Admin, AdminOptions, Status } from '../../../src/ops/admin.ts'
import { ConfigError } from '../../../src/errors.ts'
import { createLogger } from '../../../src/log.ts'
import { createMetrics } from '../../../src/ops/metrics.ts'

interface Answer { status: number, headers: IncomingHttpHeaders, body: string }

const log = createLogger({ level: 'silent' })
const { registry } = createMetrics({ version: '1', addresses: ['a'], quarantineReasons: [], mendReasons: [], deadLetterReasons: [] })
const ready: Status = { ready: true, checks: { bus: { ok: true, detail: 'open' }, loki: { ok: true, detail: 'pushed' } } }

async function start (t: TestContext, options: Partial<AdminOptions> = {}): Promise<Admin> {
  const admin = await startAdmin({ host: '127.0.0.1', port: 0, registry, status: () => ready, log, ...options })
  t.after(() => admin.close())
  return admin
}

async function ask (admin: Admin, path: string, options: RequestOptions = {}, body?: string): Promise<Answer> {
  const outgoing = request(admin.url + path, { agent: false, ...options }).end(body)
  const [response] = await once(outgoing, 'response')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, headers: response.headers, body: text }
}

/** Writes raw bytes. Resolves with the whole answer after the peer has closed. */
async function raw (t: TestContext, admin: Admin, bytes: string): Promise<string> {
  const socket = await open(t, admin)
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => { text += String(chunk) })
  const end = closed(socket)
  socket.write(bytes)
  await end
  return text
}

async function open (t: TestContext, admin: Admin): Promise<Socket> {
  const socket = connect(admin.port, '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** A server with its default limits. */
async function defaults (t: TestContext): Promise<Server> {
  const listen = t.mock.method(Server.prototype, 'listen')
  await start(t)
  return listen.mock.calls[0].this as Server
}

/** Settles when the socket is closed, also by a reset, on which `once` would reject. */
function closed (socket: Socket): Promise<void> {
  return new Promise((resolve) => { socket.on('error', () => {}).on('close', () => resolve()) })
}

test('/metrics is the registry in Prometheus\'s text format', async (t) => {
  const { status, headers, body } = await ask(await start(t), '/metrics?x=1')
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.match(body, /^lokean_link_up\{address="a"\} 0$/m)
  assert.match(body, /^process_cpu_seconds_total /m)
  assert.ok(body.endsWith('\n'))
})

test('/healthz is ok whatever the status, which it does not ask', async (t) => {
  const admin = await start(t, { status: () => assert.fail('asked') })
  const { status, body } = await ask(admin, '/healthz')
  assert.deepEqual([status, body], [200, 'ok\n'])
})

test('/readyz follows the status and names each check', async (t) => {
  let now = ready
  const admin = await start(t, { status: () => now })
  const up = await ask(admin, '/readyz')
  assert.equal(up.status, 200)
  assert.equal(up.headers['content-type'], 'application/json; charset=utf-8')
  assert.deepEqual(JSON.parse(up.body), ready)
  now = { ready: false, checks: { bus: { ok: false, detail: 'amqp://u:hunter2@bus refused' }, loki: { ok: true, detail: '', mend: 'not http://u:hunter2@loki' } } }
  const down = await ask(admin, '/readyz')
  assert.equal(down.status, 503)
  assert.deepEqual(JSON.parse(down.body), {
    ready: false, checks: { bus: { ok: false, detail: 'amqp://[secret]@bus refused' }, loki: { ok: true, detail: '', mend: 'not http://[secret]@loki' } }
  })
})

test('HEAD has the headers of GET and no body', async (t) => {
  const admin = await start(t)
  for (const path of ['/healthz', '/readyz']) {
    const [get, head] = [await ask(admin, path), await ask(admin, path, { method: 'HEAD' })]
    assert.equal(head.body, '')
    const { date: one, ...ofGet } = get.headers
    const { date: two, ...ofHead } = head.headers
    assert.deepEqual([head.status, ofHead], [get.status, ofGet])
  }
})

test('other paths and other methods are refused, and every answer has the safe headers', async (t) => {
  const admin = await start(t)
  const cases: Array<[path: string, method: string, status: number]> = [
    ['/', 'GET', 404], ['/metrics/', 'GET', 404], ['/../metrics', 'GET', 404], ['//metrics', 'GET', 404], ['/nothing', 'POST', 404],
    ['/metrics', 'POST', 405], ['/healthz', 'DELETE', 405], ['/readyz', 'OPTIONS', 405], ['/metrics', 'TRACE', 405],
    ['/healthz', 'GET', 200]
  ]
  for (const [path, method, expected] of cases) {
    const { status, headers, body } = await ask(admin, path, { method, path })
    assert.equal(status, expected, `${method} ${path}`)
    assert.equal(headers.allow, expected === 405 ? 'GET, HEAD' : undefined)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['content-length'], String(Buffer.byteLength(body)))
  }
})

test('what fails inside becomes a 500 without details, and a line of the log', async (t) => {
  const lines: string[] = []
  const log = createLogger({ level: 'info', destination: { write: (line) => { lines.push(line) } } })
  const admin = await start(t, {
    log,
    status: () => { throw new Error('no status at amqp://u:hunter2@bus') },
    registry: { contentType: 'x', metrics: () => Promise.reject(new Error('no metrics')) }
  })
  for (const path of ['/metrics', '/readyz']) {
    const { status, body } = await ask(admin, path)
    assert.deepEqual([status, body], [500, 'internal error\n'])
  }
  assert.deepEqual(lines.map((line) => JSON.parse(line).err.message), ['no metrics', 'no status at amqp://[secret]@bus'])
  assert.equal((await ask(admin, '/healthz')).status, 200)
})

test('nothing can be written: of all methods that there are, GET and HEAD are the only ones to be answered', async (t) => {
  let asked = 0
  const admin = await start(t, { status: () => { asked++; return ready } })
  // Node takes CONNECT for a tunnel, not for a request. No code listens for tunnels, so Node closes the connection.
  for (const method of METHODS.filter((method) => !['GET', 'HEAD', 'CONNECT'].includes(method))) {
    for (const path of ['/metrics', '/healthz', '/readyz']) {
      assert.match(
        await raw(t, admin, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 405 /, `${method} ${path}`
      )
    }
  }
  assert.equal(await raw(t, admin, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'), '')
  // Nor does another protocol or another method's name help.
  assert.match(await raw(t, admin, 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n'), /^HTTP\/1\.1 200 /)
  assert.match(await raw(t, admin, 'POST /readyz HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: GET\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 405 /)
  assert.equal(asked, 0)
})

suite('bounds', () => {
  test('one that sends its headers byte by byte is closed all the same: what counts is when they began', async (t) => {
    const admin = await start(t, { limits: { headersTimeoutMs: 100, checkIntervalMs: 10 } })
    const socket = await open(t, admin)
    let answer = ''
    socket.setEncoding('latin1').on('data', (chunk) => { answer += String(chunk) })
    const end = closed(socket)
    socket.write('GET /healthz HTTP/1.1\r\nX: ')
    const drip = setInterval(() => socket.write('y'), 5)
    t.after(() => clearInterval(drip))
    await end
    assert.match(answer, /^HTTP\/1\.1 408 /)
  })

  test('a chunk that never ends, chunk extensions and many small headers are bounded too', async (t) => {
    const admin = await start(t)
    assert.match(await raw(t, admin, `GET /healthz HTTP/1.1\r\nHost: x\r\n${'name: value\r\n'.repeat(2_000)}\r\n`), /^HTTP\/1\.1 431 /)
    assert.match(await raw(t, admin, `POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;${'e'.repeat(20_000)}`), /^HTTP\/1\.1 (405|413|431) /)
    assert.equal((await ask(admin, '/healthz')).status, 200)
  })

  test('the limits that hold where none are said', async (t) => {
    const limits = await defaults(t)
    assert.ok(limits.headersTimeout > 0 && limits.headersTimeout <= 5_000)
    assert.ok(limits.requestTimeout > 0 && limits.requestTimeout <= 10_000)
    assert.ok(limits.timeout > 0 && limits.timeout <= 15_000)
    assert.equal(limits.maxConnections, 64)
  })

  test('a request body is answered without being read, and the connection closed', async (t) => {
    const admin = await start(t)
    const { status, headers } = await ask(admin, '/metrics', { method: 'POST' }, 'x'.repeat(100))
    assert.deepEqual([status, headers.connection], [405, 'close'])
    // The client announces a gigabyte and sends no byte of it. The answer comes all the same.
    assert.match(await raw(t, admin, 'GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n[^]*\r\nConnection: close\r\n[^]*\r\n\r\nok\n$/)
    assert.match(await raw(t, admin, 'GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n/)
  })

  test('Expect: 100-continue gets the answer and no invitation', async (t) => {
    const answer = await raw(t, await start(t), 'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n')
    assert.match(answer, /^HTTP\/1\.1 405 /)
    assert.doesNotMatch(answer, /100 Continue/)
  })

  test('headers over 8 KiB are refused', async (t) => {
    const admin = await start(t)
    assert.match(await raw(t, admin, `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(8 * 1024)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
    assert.match(await raw(t, admin, `GET /${'y'.repeat(9 * 1024)} HTTP/1.1\r\nHost: x\r\n\r\n`), /^HTTP\/1\.1 431 /)
    assert.equal((await ask(admin, '/healthz', { headers: { X: 'y'.repeat(7 * 1024) } })).status, 200)
  })

  test('what is not HTTP is refused and closed', async (t) => {
    assert.match(await raw(t, await start(t), 'AMQP\0\x01\0\0\r\n\r\n'), /^HTTP\/1\.1 400 /)
  })

  test('a peer that does not finish its headers is closed', async (t) => {
    const admin = await start(t, { limits: { headersTimeoutMs: 50, checkIntervalMs: 10 } })
    assert.match(await raw(t, admin, 'GET /healthz HTTP/1.1\r\nHost:'), /^HTTP\/1\.1 408 /)
  })

  test('so is one that does not take its answer, and one that says nothing at all', async (t) => {
    const registry = { contentType: 'text/plain', metrics: async () => 'x'.repeat(64 * 1024 * 1024) }
    const admin = await start(t, { registry, limits: { idleTimeoutMs: 50, checkIntervalMs: 10 } })
    const mute = await open(t, admin)
    const deaf = await open(t, admin)
    const ended = [mute, deaf].map(closed)
    // The client never reads, so it sees a close only as an error of its next write.
    deaf.pause().write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
    mute.resume()
    const prod = setInterval(() => deaf.write('GET'), 20)
    t.after(() => clearInterval(prod))
    await Promise.all(ended)
  })

  test('connections beyond the 64th are dropped, and there is room again when one ends', async (t) => {
    const admin = await start(t)
    const sockets: Socket[] = []
    for (let index = 0; index < 64; index++) {
      const socket = await open(t, admin)
      sockets.push(socket)
      // An answer proves that the server holds the connection.
      socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
      await once(socket, 'data')
    }
    assert.equal(await raw(t, admin, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'), '')
    sockets[0]?.destroy()
    let answer = ''
    while (answer === '') answer = await raw(t, admin, 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    assert.match(answer, /^HTTP\/1\.1 200 OK/)
  })
})

test('keep-alive serves one request after another on one connection', async (t) => {
  const answers = await raw(t, await start(t), 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.equal(answers.match(/HTTP\/1\.1 200 OK/g)?.length, 2)
})

suite('listening', () => {
  test('a port in use is a ConfigError that names the setting and the address', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    t.after(() => other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await assert.rejects(start(t, { port }), (error: unknown) => {
      return error instanceof ConfigError && error.message === `LOKEAN_ADMIN_ADDR is "127.0.0.1:${port}": the port is in use`
    })
  })

  test('so is an address that is not ours', async (t) => {
    await assert.rejects(start(t, { host: '192.0.2.1' }), (error: unknown) => {
      return error instanceof ConfigError &&
        /^LOKEAN_ADMIN_ADDR is "192\.0\.2\.1:0": cannot listen there \(EADDRNOTAVAIL\)$/.test(error.message)
    })
  })

  test('the url is the one to ask', async (t) => {
    const admin = await start(t)
    assert.equal(admin.url, `http://127.0.0.1:${admin.port}`)
    assert.ok(admin.port > 0)
  })
})

test('close leaves nothing open: idle, waiting and half-sent connections end, and the port is free', async (t) => {
  const gate = new EventEmitter()
  const metrics = async () => {
    gate.emit('asked')
    await once(gate, 'release')
    return 'late'
  }
  const admin = await start(t, { registry: { contentType: 'x', metrics } })
  const asked = once(gate, 'asked')
  const ended = []
  for (const bytes of ['', 'GET /healthz HTTP/1.1\r\nHo', 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n']) {
    const socket = await open(t, admin)
    ended.push(closed(socket.resume()))
    socket.write(bytes)
  }
  await asked
  await Promise.all([admin.close(), admin.close()])
  gate.emit('release')
  await Promise.all(ended)
  const again = await startAdmin({ host: '127.0.0.1', port: admin.port, registry, status: () => ready, log })
  await again.close()
})
