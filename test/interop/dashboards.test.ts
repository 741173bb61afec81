import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { startBus } from '../../src/embedded/bus/bus.ts'
import { createGenerator } from '../../src/generator/generator.ts'
import { startSenders } from '../../src/generator/sender.ts'
import { startLoki } from '../../src/embedded/loki/server.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { type Choices, type Dashboard, dashboards, interpolate, offered, queriesOf, type Query } from '../helpers/grafana.ts'
import { startRun } from '../helpers/program.ts'
import { ADDRESS } from '../process/numbered-sender.ts'
import { CERTIFICATE, KEY } from '../unit/embedded/bus/certificate.ts'
import { needs } from './needs.ts'
import { Prometheus, SCRAPE_MS, type Series } from './prometheus-server.ts'
import { type Node, startGateways } from './smart-gateway.ts'

/** Grafana computes these for panels with a point each second. */
const GRAFANAS_OWN = { __rate_interval: `${Math.max(1000 + SCRAPE_MS, 4 * SCRAPE_MS) / 1000}s` }

function dashboard (uid: string): Dashboard {
  return dashboards().find(one => one.uid === uid) as Dashboard
}

const isNumber = ([, value]: [number, string]): boolean => Number.isFinite(Number(value))

/**
 * Asks each query of the dashboard until it has an answer. Returns the labels of its series, and checks that they hold
 * numbers.
 */
async function everyQuery (prometheus: Prometheus, of: Dashboard, choices: Choices): Promise<Array<{ query: Query, found: Series[] }>> {
  const begun = Date.now() / 1000 - 60
  const asked = queriesOf(of).filter(({ datasource }) => datasource.type === 'prometheus')
  return await Promise.all(asked.map(async query => {
    const promql = interpolate(query.expr, 'prometheus', of.templating.list, { ...choices, ...GRAFANAS_OWN })
    let found: Series[] = []
    await prometheus.patiently(async () => {
      found = await prometheus.series(promql, begun, query.instant)
      return found.some(({ values }) => values.some(isNumber))
    }, () => `${of.title}, ${query.panel}: nothing by ${promql}`)
    return { query, found }
  }))
}

/** Takes the variables' values from Prometheus, and those of Loki from `logged`. */
async function choose (prometheus: Prometheus, of: Dashboard, wanted: Choices, logged: readonly string[] = []): Promise<Choices> {
  const { options, choices } = await offered(of, wanted, async (source, label, series) => source === 'loki'
    ? [...logged]
    : await prometheus.ask<string[]>(`label/${label}/values`, { 'match[]': series }))
  for (const { name, datasource } of of.templating.list) if (datasource?.type === 'prometheus') assert.ok(options[name].length > 0, name)
  return choices
}

test('every PromQL query on Lokean has an answer while Prometheus scrapes it under load', needs('prometheus'), async t => {
  const cleanup = Cleanup.of(t)
  const bus = await startBus()
  cleanup.add(async () => { await bus.close() })
  const loki = await startLoki({ limits: { rateBytes: Infinity, burstBytes: Infinity } })
  cleanup.add(loki.close)
  const run = startRun(cleanup, {
    LOKEAN_AMQP_URL: bus.url,
    LOKEAN_LISTEN: 'relp://127.0.0.1:0,relps://127.0.0.1:0',
    LOKEAN_LISTEN_CERT: CERTIFICATE,
    LOKEAN_LISTEN_KEY: KEY,
    LOKEAN_DROP: 'noise;level=debug',
    LOKEAN_REDACT: 'token;text=X-Auth-Token;pattern=/X-Auth-Token: (\\S+)/',
    LOKEAN_SOCKET: 'udp://127.0.0.1:0',
    LOKEAN_LOKI_URL: loki.url,
    LOKEAN_MAX_STREAMS: '5000'
  })
  await run.logged('receiving')
  const target = new URL(await run.admin()).host
  const prometheus = await Prometheus.start(t, [{ job: 'lokean', target }])
  await prometheus.until('up', 1)
  const enough = new AbortController()
  const generator = createGenerator({ hosts: 20, seed: 3, recordsPerMessage: 20 })
  const sent = startSenders({ url: bus.url, addresses: [ADDRESS], generator, rate: 2_000, signal: enough.signal })
  try {
    // Records must be stored within the window of a rate before any other query.
    await prometheus.patiently(
      async () => (await prometheus.query('sum(rate(lokean_records_stored_total[2s]))'))[''] > 0, () => 'nothing is stored'
    )
    const lokean = dashboard('lokean')
    const choices = await choose(prometheus, lokean, {})
    for (const chosen of [
      choices, { job: ['lokean'], instance: [target] }, { job: ['lokean', 'other'], instance: [target, '127.0.0.1:1'] }
    ]) {
      await everyQuery(prometheus, lokean, chosen)
    }
  } finally {
    enough.abort()
    await sent
  }
})

const CLOUD = 'c.1+x'
const node = (host: string, part: string): Node => ({ host, part, instance: randomUUID() })

async function telemetry (t: TestContext): Promise<Prometheus> {
  const gateways = await startGateways(Cleanup.of(t), {
    [CLOUD]: [
      node('compute-0', 'asked'), node('compute-1.ctlplane.example.org', 'asked'), node('compute-10', 'not asked'),
      node('xcompute-0', 'not asked')
    ],
    // The chosen cloud's name would match this one if it were not escaped.
    c11x: [node('compute-0', 'not asked'), node('compute-1.ctlplane.example.org', 'not asked')]
  })
  return await Prometheus.start(t, gateways, [{ alert: 'load', expr: 'collectd_load_shortterm > 10', labels: { severity: 'warning' } }])
}

test('every PromQL query on one host finds what the Service Telemetry Framework has of it, and of no other', needs('prometheus'), async t => {
  const prometheus = await telemetry(t)
  const oneHost = dashboard('lokean-one-host')
  // rsyslog and collectd may each name a host by its short or its full name.
  for (const host of ['compute-0', 'compute-0.cloud.example.org', 'compute-1', 'compute-1.ctlplane.example.org']) {
    const choices = await choose(prometheus, oneHost, { cloud: [CLOUD], host }, [host])
    for (const { query, found } of await everyQuery(prometheus, oneHost, choices)) {
      assert.doesNotMatch(JSON.stringify(found), /not asked/, `${host}, ${query.panel}`)
      for (const { metric } of found) {
        if (metric.host !== undefined) assert.equal(metric.host.split('.')[0], host.split('.')[0], query.panel)
        if (metric.service !== undefined) assert.ok(metric.service.startsWith(`default-${CLOUD}-`), query.panel)
      }
    }
  }
})

test('of all clouds, too', needs('prometheus'), async t => {
  const prometheus = await telemetry(t)
  const oneHost = dashboard('lokean-one-host')
  const choices = await choose(prometheus, oneHost, { host: 'compute-0' }, ['compute-0'])
  for (const { query, found } of await everyQuery(prometheus, oneHost, choices)) {
    const clouds = new Set(found.map(({ metric }) => metric.service).filter(service => service !== undefined))
    assert.ok(clouds.size !== 1, `${query.panel} is of one cloud only`)
  }
})
