import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type EmbeddedBus, startBus } from '../../src/embedded/bus/bus.ts'
import { type EmbeddedLoki, startLoki } from '../../src/embedded/loki/server.ts'
import { Authority } from '../helpers/authority.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { KUBERNETES, settings } from '../helpers/manifests.ts'
import { lokean, startRun } from '../helpers/program.ts'
import { until } from '../helpers/until.ts'

const ROUTER = 'default-interconnect.service-telemetry.svc.cluster.local'
const GATEWAY = 'logging-loki-gateway-http.openshift-logging.svc'
const PASSWORD = 'a password of the telemetry operator'
const RECORDS = 100

/**
 * The gateway of a LokiStack: a tenant by its path, for whoever has the token of the moment. Others it sends to a login
 * page.
 */
class Gateway {
  token = 'token-1'
  readonly refused: string[] = []
  readonly #server: Server

  constructor (cleanup: Cleanup, loki: EmbeddedLoki, authority: Authority) {
    this.#server = createServer(authority.issue('gateway', { names: [`DNS:${GATEWAY}`] }), (incoming, response) => {
      const [, tenant, path] = /^\/api\/logs\/v1\/(application|infrastructure|audit)(\/.*)$/.exec(incoming.url ?? '') ?? []
      if (tenant === undefined) {
        response.writeHead(404).end()
        return
      }
      if (incoming.headers.authorization !== `Bearer ${this.token}`) {
        this.refused.push(String(incoming.headers.authorization))
        response.writeHead(302, { location: '/openshift/login' }).end()
        return
      }
      const onward = request(`${loki.url}${path}`, {
        method: incoming.method, headers: { ...incoming.headers, 'x-scope-orgid': tenant }, agent: false
      }, answer => answer.pipe(response.writeHead(answer.statusCode ?? 500)))
      onward.on('error', () => response.destroy())
      incoming.pipe(onward)
    })
    cleanup.add(() => { this.#server.close().closeAllConnections() })
  }

  async listen (): Promise<number> {
    await new Promise<void>(resolve => { this.#server.listen(0, '127.0.0.1', resolve) })
    return (this.#server.address() as AddressInfo).port
  }

  /** OpenShift signs its services' certificates anew, by another authority. Connections end, as they do by time. */
  renew (authority: Authority): void {
    this.#server.setSecureContext(authority.issue('gateway', { names: [`DNS:${GATEWAY}`] }))
    this.#server.closeAllConnections()
  }
}

/** The settings of the overlay, with the hosts on this machine and the files in a folder. */
function here (folder: string, bus: EmbeddedBus, gatewayPort: number): Record<string, string> {
  const env = settings(join(KUBERNETES, 'overlays', 'openshift'))
  assert.equal(env.LOKEAN_AMQP_URL, `amqps://${ROUTER}:5671`)
  assert.equal(env.LOKEAN_LOKI_URL, `https://${GATEWAY}:8080`)
  const mapped = Object.entries(env).map(([name, value]) => [name, value.replace(/^\/etc\/lokean\//, `${folder}/`)])
  return {
    ...Object.fromEntries(mapped) as Record<string, string>,
    LOKEAN_AMQP_URL: `amqps://127.0.0.1:${bus.port}`,
    LOKEAN_AMQP_SERVERNAME: ROUTER,
    LOKEAN_LOKI_URL: `https://127.0.0.1:${gatewayPort}`,
    LOKEAN_LOKI_SERVERNAME: GATEWAY
  }
}

function put (path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function lines (loki: EmbeddedLoki, tenant: string, labels: string): string[] {
  const found: string[] = []
  loki.store.forEach(entry => {
    if (entry.labels.text.includes(labels)) found.push(entry.buf.toString('utf8', entry.lineStart, entry.lineEnd))
  }, tenant)
  return found
}

test('the settings of the overlay for OpenShift, against a router and a gateway as its own are, while authority and token change', {
  timeout: 120_000
}, async t => {
  const cleanup = Cleanup.of(t)
  const folder = mkdtempSync(join(tmpdir(), 'lokean-openshift-'))
  cleanup.add(() => { rmSync(folder, { recursive: true }) })
  const [telemetry, services, renewed] = ['telemetry', 'services', 'services, renewed'].map(name => new Authority(name))
  const bus = await startBus({
    tls: telemetry.issue('router', { names: [`DNS:${ROUTER}`] }), username: 'guest@default-interconnect', password: PASSWORD
  })
  cleanup.add(async () => { await bus.close() })
  const limits = { lineBytes: 256_000, labelNames: 30, rateBytes: Infinity, burstBytes: Infinity }
  const loki = await startLoki({ authEnabled: true, limits })
  cleanup.add(async () => { await loki.close() })
  const gateway = new Gateway(cleanup, loki, services)
  const env = here(folder, bus, await gateway.listen())
  put(env.LOKEAN_AMQP_PASSWORD_FILE, `${PASSWORD}\n`)
  put(env.LOKEAN_AMQP_CA, telemetry.ca)
  put(env.LOKEAN_LOKI_CA, services.ca)
  put(env.LOKEAN_LOKI_TOKEN_FILE, gateway.token)

  const run = startRun(cleanup, env, [], 110_000)
  await bus.until(stats => ['rsyslog/cloud1-logs', 'rsyslog/cloud1-audit'].every(address => stats[address]?.receivers === 1))
  const send = async (address: string): Promise<void> => {
    const { code, stderr } = await lokean(cleanup, ['generate', '--records', `${RECORDS}`], { ...env, LOKEAN_AMQP_ADDRESSES: address })
    assert.equal(code, 0, stderr)
  }
  const stored = async (tenant: string, records: number): Promise<string[]> => {
    await until(`${records} records of ${tenant}`, () => lines(loki, tenant, `log_type="${tenant}"`).length >= records, 90_000)
    return lines(loki, tenant, `log_type="${tenant}"`)
  }
  await Promise.all([send('rsyslog/cloud1-logs'), send('rsyslog/cloud1-audit')])
  for (const tenant of ['infrastructure', 'audit']) {
    const found = await stored(tenant, RECORDS)
    assert.equal(found.length, RECORDS, tenant)
    // What the console shows of a line are its keys.
    for (const line of found) assert.equal(typeof (JSON.parse(line) as { message: unknown }).message, 'string')
  }
  assert.deepEqual(gateway.refused, [])

  put(env.LOKEAN_LOKI_CA, `${services.ca}${renewed.ca}`)
  gateway.token = 'token-2'
  put(env.LOKEAN_LOKI_TOKEN_FILE, gateway.token)
  gateway.renew(renewed)
  await Promise.all([send('rsyslog/cloud1-logs'), send('rsyslog/cloud1-audit')])
  for (const tenant of ['infrastructure', 'audit']) assert.equal(new Set(await stored(tenant, 2 * RECORDS)).size, 2 * RECORDS, tenant)
  assert.ok(!run.log().some(({ msg }) => msg.includes('token-')))
  assert.equal((await run.stop()).code, 0)
})
