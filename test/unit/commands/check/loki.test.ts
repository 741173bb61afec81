import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type LokiFinding, tryLoki } from '../../../../src/commands/check/loki.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import { startBus } from '../../../../src/embedded/bus/bus.ts'
import { type EmbeddedLoki, type LokiOptions, startLoki } from '../../../../src/embedded/loki/server.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import { httpServer, tcpServer } from '../../../helpers/http-server.ts'
import { CERTIFICATE as cert, KEY as key } from '../../embedded/bus/certificate.ts'

async function lokiFor (t: TestContext, options: LokiOptions = {}): Promise<EmbeddedLoki> {
  const loki = await startLoki(options)
  Cleanup.of(t).add(async () => { await loki.close() })
  return loki
}

async function tried (url: string, env: Record<string, string> = {}, push = true): Promise<LokiFinding> {
  const { loki: [finding] } = await tryLoki(loadConfig({ LOKEAN_LOKI_URL: url, ...env }).config, push)
  return finding
}

const CLOUDS = { LOKEAN_AMQP_ADDRESSES: 'a;cloud=c1;tenant=t1,b;cloud=c2;tenant=t2' }
const STORED = '{check="push", source="lokean"}'

test('an entry is stored, and said where; none without push', async t => {
  const loki = await lokiFor(t)
  assert.deepEqual(await tried(loki.url, {}, false), {
    url: loki.url, ok: true, detail: 'takes pushes (an empty one was tried)', stored: []
  })
  assert.equal(loki.stats().entries, 0)
  assert.deepEqual(await tried(loki.url), {
    url: loki.url, ok: true, detail: `takes pushes; an entry of this check is now in ${STORED}`, stored: [{ tenant: '', labels: STORED }]
  })
  assert.deepEqual({ entries: loki.stats().entries, streams: loki.stats().streams }, { entries: 1, streams: 1 })
})

test('an entry for each tenant and endpoint', async t => {
  const lokis = [await lokiFor(t, { authEnabled: true }), await lokiFor(t, { authEnabled: true })]
  const { config } = loadConfig({ LOKEAN_LOKI_URL: lokis.map(({ url }) => url).join(','), ...CLOUDS })
  const { loki } = await tryLoki(config, true)
  const labels = (cloud: string): string => `{check="push", cloud="${cloud}", source="lokean"}`
  for (const { ok, detail } of loki) {
    assert.deepEqual({ ok, detail }, {
      ok: true, detail: `takes pushes; an entry of this check is now in ${labels('c1')} of tenant t1 and in ${labels('c2')} of tenant t2`
    })
  }
  assert.deepEqual(lokis.map(one => one.stats().entries), [2, 2])
})

test('what one tenant may not, is said of it alone, and what the other has stored', async t => {
  const loki = await lokiFor(t, {
    authEnabled: true, intercept: ({ tenant }) => tenant === 't1' ? { kind: 'answer', status: 401, text: 'no' } : undefined
  })
  const { ok, detail, hint, stored } = await tried(loki.url, CLOUDS)
  assert.equal(ok, false)
  assert.match(detail, /^as tenant t1: 401 no; an entry of this check is now in \{check="push", cloud="c2", source="lokean"\} of tenant t2$/)
  assert.match(hint ?? '', /^a login is wanted/)
  assert.equal(stored.length, 1)
})

test('limits of Loki that refuse every push of the settings', async t => {
  const withoutMetadata = await lokiFor(t, { version: '3.7.6', limits: { metadata: false } })
  const refused = await tried(withoutMetadata.url)
  assert.match(refused.detail, /^400 .*structured metadata, but this feature is disallowed/)
  assert.match(refused.hint ?? '', /LOKEAN_METADATA=off/)
  assert.equal((await tried(withoutMetadata.url, { LOKEAN_METADATA: 'off' })).ok, true)
  assert.equal((await tried(withoutMetadata.url, {}, false)).ok, true, 'an empty push does not see it')

  for (const version of ['3.4.6', '3.7.6'] as const) {
    const enforcing = await lokiFor(t, { version, limits: { enforcedLabels: ['cluster'] } })
    const { ok, detail, hint } = await tried(enforcing.url, { LOKEAN_AMQP_ADDRESSES: 'a;cluster=x,b' })
    assert.equal(ok, false)
    assert.match(detail, /^from b: 400 missing required labels .*; an entry of this check is now in \{check="push", cluster="x", source="lokean"\}$/)
    assert.match(hint ?? '', /^Loki wants the label cluster of every stream.*address;cluster=value/)
    assert.equal((await tried(enforcing.url, { LOKEAN_AMQP_ADDRESSES: 'a;cluster=x' })).ok, true)
  }

  const narrow = await lokiFor(t, { limits: { labelNames: 2 } })
  const wide = await tried(narrow.url, { LOKEAN_AMQP_ADDRESSES: 'a;rack=1' })
  assert.match(wide.detail, /has 3 label names; limit 2/)
  assert.match(wide.hint ?? '', /LOKEAN_LABELS/)

  const multi = await lokiFor(t, { authEnabled: true })
  const nobody = await tried(multi.url)
  assert.equal(nobody.detail, '401 no org id')
  assert.match(nobody.hint ?? '', /LOKEAN_LOKI_TENANT/)
})

test('what is told of the limits of a tenant is compared', async t => {
  const loki = await lokiFor(t, { version: '3.7.6', publishedLimits: [], limits: { burstBytes: 524_288, lineBytes: 262_143 } })
  const { limits } = await tryLoki(loadConfig({ LOKEAN_LOKI_URL: `http://127.0.0.1:1,${loki.url}` }).config, false)
  assert.deepEqual(limits.map(({ tenant, told, warnings }) => [tenant, told, warnings.map(text => text.split(' ', 1)[0])]), [
    ['', true, ['max_line_size', 'ingestion_burst_size_mb', 'shard_streams']]
  ])
})

test('what is not Loki is told by what it is', async t => {
  const page = await httpServer(t, response => { response.end('<!doctype html><title>Log in</title>') })
  const starting = await httpServer(t, response => {
    response.writeHead(503).end('Ingester not ready: waiting for 15s after being ready\n')
  })
  const missing = await httpServer(t, (response, { url }) => {
    response.writeHead(url === '/ready' ? 200 : 404).end('404 page not found\n')
  })
  const https = await httpServer(t, response => { response.end() }, { key, cert })
  const bus = await startBus()
  t.after(async () => { await bus.close() })
  const closing = await tcpServer(t, socket => { socket.once('data', () => socket.end()) })
  const cases: Array<[url: string, detail: RegExp, hint: RegExp]> = [
    [page.url, /^200 with a page \("Log in"\), where Loki says 204/, /LOKEAN_LOKI_URL/],
    [starting.url, /^not ready: 503 Ingester not ready: waiting for 15s after being ready$/, /\/ready/],
    [missing.url, /^404 404 page not found: no push endpoint is there$/, /LOKEAN_LOKI_URL/],
    [page.url.replace('http:', 'https:'), /^no TLS is spoken at this port$/, /must begin with http:\/\//],
    [https.url.replace('https:', 'http:'), /^TLS is spoken at this port$/, /must begin with https:\/\//],
    [https.url, /^the certificate of Loki is signed by nobody who is trusted here/, /^LOKEAN_LOKI_CA must name/],
    [`http://127.0.0.1:${bus.port}`, /^an AMQP bus answers at this port, not Loki$/, /LOKEAN_AMQP_URL/],
    [`https://127.0.0.1:${bus.port}`, /^an AMQP bus answers at this port, not Loki$/, /LOKEAN_AMQP_URL/],
    ['http://127.0.0.1:1', /^nothing listens there \(connect ECONNREFUSED 127\.0\.0\.1:1\)$/, /LOKEAN_LOKI_URL/],
    ['http://loki.invalid', /^the name loki\.invalid cannot be found/, /LOKEAN_LOKI_URL/],
    [`http://127.0.0.1:${closing.port}`, /^other side closed$/, /LOKEAN_LOKI_URL/]
  ]
  for (const push of [true, false]) {
    for (const [url, expected, setting] of cases) {
      const { ok, detail, hint } = await tried(url, {}, push)
      assert.equal(ok, false, detail)
      assert.match(detail, expected, url)
      assert.match(hint ?? '', setting, detail)
      assert.doesNotMatch(`${detail} ${hint}`, /SSL routines|:error:/)
    }
  }
})

test('a Loki that falls silent between the question and the push, and one that never answers', async t => {
  const { url } = await httpServer(t, (response, { method }) => { if (method === 'GET') response.end() })
  const silent = await tried(url, { LOKEAN_PUSH_TIMEOUT: '2s' })
  assert.deepEqual({ ok: silent.ok, detail: silent.detail }, { ok: false, detail: 'no answer within 2 s' })
  assert.match(silent.hint ?? '', /LOKEAN_LOKI_URL/)
  const { port } = await tcpServer(t, () => {})
  const mute = await tried(`http://127.0.0.1:${port}`, { LOKEAN_PUSH_TIMEOUT: '100ms' })
  assert.deepEqual({ ok: mute.ok, detail: mute.detail }, { ok: false, detail: 'no answer in time' })
  assert.match(mute.hint ?? '', /does it hang/)
})
