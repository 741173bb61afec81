import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tryBus } from '../../../../src/commands/check/bus.ts'
import type { Finding } from '../../../../src/commands/check/finding.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import { startBus } from '../../../../src/embedded/bus/bus.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import { httpServer, tcpServer } from '../../../helpers/http-server.ts'
import { CERTIFICATE as cert, KEY as key } from '../../embedded/bus/certificate.ts'

async function tried (url: string, timeoutMs?: number): Promise<Finding> {
  return await tryBus(loadConfig({ LOKEAN_AMQP_URL: url, LOKEAN_AMQP_ADDRESSES: 'a,b' }).config, timeoutMs)
}

test('every address of the bus is attached to', async t => {
  const bus = await startBus()
  Cleanup.of(t).add(async () => { await bus.close() })
  assert.deepEqual(await tried(bus.url), { ok: true, detail: 'attached to a, b' })
})

test('what is not a bus of this kind is told by what it is', async t => {
  const bus = await startBus()
  t.after(async () => { await bus.close() })
  const http = await httpServer(t, response => { response.end() })
  const https = await httpServer(t, response => { response.end() }, { key, cert })
  const mute = await tcpServer(t, () => {})
  const cases: Array<[url: string, detail: RegExp, hint: RegExp]> = [
    [http.url.replace('http:', 'amqp:'), /^127\.0\.0\.1:\d+: an HTTP server answers at this port, not a bus$/, /LOKEAN_LOKI_URL/],
    [https.url.replace('https:', 'amqps:'), /^127\.0\.0\.1:\d+: an HTTP server answers at this port, not a bus$/, /LOKEAN_LOKI_URL/],
    [bus.url.replace('amqp:', 'amqps:'), /^127\.0\.0\.1:\d+: the bus speaks no TLS at this port$/, /must begin with amqp:\/\//],
    [`amqp://127.0.0.1:${mute.port}`, /^no answer within 2 s$/, /LOKEAN_AMQP_URL/],
    ['amqp://127.0.0.1:1', /^127\.0\.0\.1:1: connect ECONNREFUSED/, /LOKEAN_AMQP_URL/],
    ['amqp://bus.invalid', /^bus\.invalid:5672: getaddrinfo ENOTFOUND/, /LOKEAN_AMQP_URL/]
  ]
  const found = await Promise.all(cases.map(async ([url]) => await tried(url, 2_000)))
  for (const [i, [, expected, setting]] of cases.entries()) {
    const { ok, detail, hint } = found[i]
    assert.equal(ok, false, detail)
    assert.match(detail, expected)
    assert.match(hint ?? '', setting, detail)
  }
})
