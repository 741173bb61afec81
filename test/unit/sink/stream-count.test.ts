import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LokiClient } from '../../../src/sink/client.ts'
import { countStreams } from '../../../src/sink/stream-count.ts'
import { httpServer } from '../../helpers/http-server.ts'

const OPEN = new AbortController().signal

test('the streams of an answer are counted, in whatever pieces it comes', async t => {
  const streams = Array.from({ length: 300 }, (_, i) => ({ host: `h${i}`, source: 'nova' }))
  const text = JSON.stringify({ status: 'success', data: streams })
  const { url, received } = await httpServer(t, response => {
    for (let at = 0; at < text.length; at += 1000) response.write(text.slice(at, at + 1000))
    response.end()
  })
  const client = new LokiClient({ urls: [url], timeoutMs: 10_000 }, '0')
  t.after(async () => { await client.close() })
  assert.equal(await countStreams(client, 't', 1_000, OPEN), 300)
  assert.equal(await countStreams(client, 't', 100, OPEN), 100, 'more than that are not counted')
  assert.match(received[0]?.url ?? '', /^\/loki\/api\/v1\/series\?match%5B%5D=%7B%7D&start=\d{19}&end=\d{19}$/)
  assert.equal(received[0]?.headers['x-scope-orgid'], 't')
})

test('what is no answer is no number', async t => {
  for (const [status, text] of [[403, '{"a":"{{{"}'], [200, ''], [200, 'login, please'], [302, '']] as const) {
    const { url } = await httpServer(t, response => { response.writeHead(status).end(text) })
    const client = new LokiClient({ urls: [url], timeoutMs: 10_000 }, '0')
    assert.equal(await countStreams(client, '', 10, OPEN), undefined)
    await client.close()
  }
  const { url } = await httpServer(t, response => { response.socket?.destroy() })
  const client = new LokiClient({ urls: [url], timeoutMs: 10_000 }, '0')
  assert.equal(await countStreams(client, '', 10, OPEN), undefined)
  await client.close()
})
