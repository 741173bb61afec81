import { mock, test } from 'node:test'
import assert from 'node:assert/strict'
import { LokiClient } from '../../../src/sink/client.ts'
import { LokiHealth } from '../../../src/sink/health.ts'
import { probeUntilReady } from '../../../src/sink/probe.ts'
import { collectedLog } from '../../helpers/collected-log.ts'
import { httpServer } from '../../helpers/http-server.ts'
import { mockPauses } from '../../helpers/mock-timers.ts'
import { turn, until } from '../../helpers/until.ts'

function bench (urls: string[]) {
  const { log, lines } = collectedLog()
  return {
    health: new LokiHealth({ log, ready: 'some' }),
    lines,
    client: new LokiClient({ urls, timeoutMs: 10_000 }, '0'),
    abort: new AbortController()
  }
}

test('asks until Loki is ready, and then no more', async t => {
  mockPauses(t)
  const { url, received } = await httpServer(
    t, response => { response.writeHead(received.length <= 2 ? 503 : 200).end('Ingester not ready') }
  )
  const { client, health, lines, abort } = bench([url])
  t.after(async () => { await client.close() })
  const probing = probeUntilReady(client, health, abort.signal)
  for (let asked = 1; asked <= 2; asked++) {
    await until('it asked', () => received.length === asked && lines.length > 0)
    await turn()
    assert.deepEqual(health.status().ok, false)
    await until('it asked once more', () => { mock.timers.tick(2_000); return received.length > asked })
  }
  await probing
  assert.deepEqual(health.status(), { ok: true, detail: 'no push yet' })
  assert.deepEqual(received.map(({ url }) => url), ['/ready', '/ready', '/ready'])
  assert.match(String(lines[0].message), /503 Ingester not ready/)
  assert.deepEqual(lines.map(({ level }) => level), ['warn', 'info'])
})

test('asks the endpoints in turn', async t => {
  mockPauses(t)
  const down = await httpServer(t, response => { response.writeHead(500).end() })
  const up = await httpServer(t, response => { response.writeHead(200).end('ready') })
  const { client, health, lines, abort } = bench([down.url, up.url])
  t.after(async () => { await client.close() })
  const probing = probeUntilReady(client, health, abort.signal)
  await until('the second was asked', () => { mock.timers.tick(2_000); return up.received.length === 1 })
  await probing
  assert.equal(down.received.length, 1)
  assert.equal(lines.at(-1)?.loki, up.url)
})

test('a push that is stored meanwhile makes it needless', async t => {
  const held: Array<() => void> = []
  const { url } = await httpServer(t, response => { held.push(() => response.writeHead(503).end()) })
  const { client, health, lines, abort } = bench([url])
  t.after(async () => { await client.close() })
  const probing = probeUntilReady(client, health, abort.signal)
  await until('it asked', () => held.length === 1)
  health.ready(url)
  held[0]()
  await probing
  assert.deepEqual(lines.map(({ msg }) => msg), ['Loki answers'])
})

test('ends when it is told to, while it asks and while it waits', async t => {
  const { url, received } = await httpServer(t, response => { if (received.length === 1) response.writeHead(503).end() })
  const waiting = bench([url])
  t.after(async () => { await waiting.client.close() })
  const first = probeUntilReady(waiting.client, waiting.health, waiting.abort.signal)
  await until('it waits', () => waiting.lines.length === 1)
  waiting.abort.abort()
  await first
  const asking = bench([url])
  t.after(async () => { await asking.client.close() })
  const second = probeUntilReady(asking.client, asking.health, asking.abort.signal)
  await until('it asks', () => received.length === 2)
  asking.abort.abort()
  await second
  assert.deepEqual(asking.lines, [])
})
