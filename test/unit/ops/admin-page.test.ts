import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { type IncomingMessage, METHODS, request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { type Admin, startAdmin } from '../../../src/ops/admin.ts'
import { createLogger } from '../../../src/log.ts'
import { createMetrics } from '../../../src/ops/metrics.ts'
import { LivePage } from '../../../src/ops/page/page.ts'
import type { Snapshot } from '../../../src/ops/page/snapshot.ts'
import { Cleanup } from '../../helpers/cleanup.ts'
import { until } from '../../helpers/until.ts'

const FILES = ['/', '/page.css', '/page.js', '/picture.js', '/format.js', '/icon.svg']
const ok = { ok: true, detail: '' }

async function start (t: TestContext) {
  const metrics = createMetrics({
    version: '1', addresses: ['a'], quarantineReasons: ['empty'], mendReasons: [], deadLetterReasons: [], processMetrics: false
  })
  const log = createLogger({ level: 'silent' })
  let asked = 0
  const page = new LivePage({
    registry: metrics.registry,
    surroundings: () => {
      asked++
      return { version: '1.2.3', shards: 4, inflightBytes: 1000, checks: { bus: ok, loki: ok }, hosts: [], problems: [] }
    },
    log
  })
  const admin = await startAdmin({
    host: '127.0.0.1', port: 0, registry: metrics.registry, status: () => ({ ready: true, checks: {} }), page, log
  })
  Cleanup.of(t).add(async () => { await admin.close() })
  return { admin, page, metrics, asked: () => asked }
}

async function open (admin: Admin, path: string, method = 'GET'): Promise<IncomingMessage> {
  const outgoing = request(admin.url + path, { agent: false, method })
  outgoing.on('error', () => {}).end()
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  return response.on('error', () => {})
}

async function ask (admin: Admin, path: string, method = 'GET'): Promise<IncomingMessage & { body: string }> {
  const response = await open(admin, path, method)
  let body = ''
  for await (const chunk of response) body += String(chunk)
  return Object.assign(response, { body })
}

test('the page and its files, under a policy that allows nothing else', async t => {
  const { admin } = await start(t)
  for (const path of FILES) {
    const { statusCode, headers, body } = await ask(admin, path)
    assert.equal(statusCode, 200, path)
    assert.ok(body.length > 100, path)
    assert.equal(headers['content-length'], String(Buffer.byteLength(body)))
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /^default-src 'none'; /)
    assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/)
    for (const [name, value] of Object.entries({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin'
    })) {
      assert.equal(headers[name], value, `${path} ${name}`)
    }
    const head = await ask(admin, path, 'HEAD')
    assert.deepEqual([head.statusCode, head.body, head.headers['content-length']], [200, '', headers['content-length']])
  }
  assert.equal((await ask(admin, '/?x=1')).headers['content-type'], 'text/html; charset=utf-8')
})

test('every file that is there is served, and they name no address of anybody else', async t => {
  const { page } = await start(t)
  const folder = 'src/ops/page/files'
  assert.deepEqual(readdirSync(folder).sort(), FILES.map(path => path === '/' ? 'index.html' : path.slice(1)).sort())
  assert.deepEqual([...page.files.keys()], FILES)
  for (const file of readdirSync(folder)) {
    const text = readFileSync(`${folder}/${file}`, 'utf8').replaceAll('http://www.w3.org/2000/svg', '')
    assert.doesNotMatch(text, /https?:|\/\/[a-z]|url\(|@import|innerHTML|\bstyle=|\bon[a-z]+="/, file)
  }
})

test('nothing is written by any method: there as elsewhere, GET and HEAD only', async t => {
  const { admin, asked } = await start(t)
  for (const method of METHODS.filter(method => !['GET', 'HEAD', 'CONNECT'].includes(method))) {
    for (const path of ['/', '/page.js', '/live']) assert.equal((await ask(admin, path, method)).statusCode, 405, `${method} ${path}`)
  }
  assert.equal(asked(), 0)
})

test('events come while somebody looks, and tell of what is new', async t => {
  const { admin, page, metrics, asked } = await start(t)
  await ask(admin, '/')
  assert.equal(asked(), 0, 'the page alone asks for no snapshot')
  const response = await open(admin, '/live')
  assert.deepEqual([
    response.statusCode, response.headers['content-type'], response.headers['cache-control'], response.headers['x-content-type-options']
  ], [200, 'text/event-stream; charset=utf-8', 'no-store', 'nosniff'])
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  metrics.recordsQuarantined.inc({ reason: 'empty' }, 7)
  await until('an event is there', () => /\ndata: .*\n\n/.test(text))
  const { version, seconds, bottleneck, quarantine } = JSON.parse(text.split('data: ')[1]) as Snapshot
  assert.deepEqual([version, bottleneck.kind, quarantine[0].records], ['1.2.3', 'quiet', 7])
  assert.ok(seconds > 0)
  response.destroy()
  await until('nobody looks', () => page.watchers.count === 0)
})

test('HEAD of the events has no body and makes nobody a watcher', async t => {
  const { admin, page } = await start(t)
  const { statusCode, headers, body } = await ask(admin, '/live', 'HEAD')
  assert.deepEqual([statusCode, headers['content-type'], body], [200, 'text/event-stream; charset=utf-8', ''])
  assert.equal(page.watchers.count, 0)
})

test('the seventeenth is refused, the probes are answered, and there is room when one has gone', async t => {
  const { admin, page } = await start(t)
  const watching = await Promise.all(Array.from({ length: 16 }, async () => await open(admin, '/live')))
  for (const response of watching) response.resume()
  const refused = await ask(admin, '/live')
  assert.deepEqual([refused.statusCode, refused.body], [503, 'enough watch already\n'])
  assert.equal((await ask(admin, '/healthz')).statusCode, 200)
  watching[0].destroy()
  await until('one has gone', () => page.watchers.count === 15)
  const next = await open(admin, '/live')
  assert.equal(next.statusCode, 200)
  next.resume()
})

test('closing the port ends the streams and what feeds them', async t => {
  const { admin, page } = await start(t)
  const response = (await open(admin, '/live')).resume()
  const closed = new Promise<void>(resolve => { response.on('close', resolve) })
  await admin.close()
  await closed
  await until('nobody watches', () => page.watchers.count === 0)
})

test('without a page the path is not there', async t => {
  const { registry } = createMetrics({
    version: '1', addresses: [], quarantineReasons: [], mendReasons: [], deadLetterReasons: [], processMetrics: false
  })
  const admin = await startAdmin({
    host: '127.0.0.1', port: 0, registry, status: () => ({ ready: true, checks: {} }), log: createLogger({ level: 'silent' })
  })
  Cleanup.of(t).add(async () => { await admin.close() })
  for (const path of ['/', '/live', '/page.js']) assert.equal((await ask(admin, path)).statusCode, 404, path)
})
