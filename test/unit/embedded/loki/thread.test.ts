import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startLokiThread, type LokiThread, type LokiThreadOptions } from '../../../../src/embedded/loki/thread.ts'
import { push } from './push/logproto.ts'

async function thread (t: TestContext, options: LokiThreadOptions = {}): Promise<LokiThread> {
  const started = await startLokiThread(options)
  t.after(async () => { await started.close() })
  return started
}

test('runs in a thread, takes pushes, and tells what it holds', async (t) => {
  const loki = await thread(t, { limits: { rateBytes: Infinity }, maxEntries: 100, countDropped: ' seq=' })
  const ms = Date.now()
  const entries = Array.from({ length: 150 }, (_, i) => i).filter((i) => i !== 70).map((i) => ({ ms: ms + i, line: `line seq=${i}` }))
  assert.equal((await push(loki, [
    { labels: '{source="sudo"}', entries }, { labels: '{source="lokean",quarantine="not_json"}', entries: [{ ms, line: 'bad seq=70' }] }
  ])).status, 204)
  const stats = await loki.stats()
  assert.deepEqual([stats.pushes, stats.entries, stats.dropped, stats.streams, stats.rejected.rate_limited], [1, 150, 50, 2, 0])
  assert.deepEqual(await loki.reconcile({ marker: ' seq=', expected: 151 }), {
    matched: 149, distinct: 149, repeated: 0, missing: 1, firstMissing: [150], unexpected: 0, quarantined: 1, quarantinedIds: 1
  })
  assert.deepEqual(await loki.lines({ query: '{source="sudo"} |~ "seq=(99|100)$"' }), [99, 100].map((i) => ({
    labels: { detected_level: 'unknown', service_name: 'unknown_service', source: 'sudo' },
    time: String(ms + i) + '000000',
    line: `line seq=${i}`
  })))
})

test('what is asked wrongly is rejected, and the thread goes on', async (t) => {
  const loki = await thread(t)
  await assert.rejects(loki.lines({ query: '{source=' }), { code: 'LOKEAN_WORKER', message: /parse error/ })
  assert.equal((await loki.stats()).pushes, 0)
})

test('a port that is taken rejects the start', async (t) => {
  const loki = await thread(t)
  await assert.rejects(startLokiThread({ port: loki.port }), { code: 'LOKEAN_WORKER', message: /EADDRINUSE/ })
})

test('closing twice is closing once, and afterwards every call is refused', async (t) => {
  const loki = await thread(t)
  await Promise.all([loki.close(), loki.close()])
  await loki.close()
  await assert.rejects(loki.stats(), { code: 'LOKEAN_CLOSED' })
  await assert.rejects(fetch(`${loki.url}/ready`))
})
