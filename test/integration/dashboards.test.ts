import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { createGenerator } from '../../src/generator/generator.ts'
import { startSenders } from '../../src/generator/sender.ts'
import { AskLoki, type Found } from '../helpers/ask-loki.ts'
import { dataSources, derived, target } from '../helpers/derived-fields.ts'
import { ALL, type Choices, type Dashboard, dashboards, interpolate, offered, queriesOf, type Query } from '../helpers/grafana.ts'
import { message, record } from '../helpers/messages.ts'
import { Stack } from '../helpers/stack.ts'

const ADDRESS = 'rsyslog/logs'
/** A real Loki without tenants answers the same queries as the embedded one. */
const REAL = (process.env.LOKEAN_TEST_LOKI_URL ?? '').replace(/\/$/, '')

/** Names of this run that mean something else as a regular expression. */
const RUN = randomUUID().slice(0, 8)
const ODD = { cloud: `c.1+(x)|${RUN}`, region: 'r[1]', host: `odd.${RUN}.example.org`, source: 'a.b+c' }
/** An unescaped ODD would match it too. */
const ALIKE = { cloud: RUN, region: 'r1', host: `oddx${RUN}.example.org`, source: 'c' }
const REQUEST = `req-${randomUUID()}`
const INSTANCE = randomUUID()
const LEVELS = ['CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG']

const oslo = (level: string, context: string): string => `2026-11-22 08:00:01.234 7 ${level} nova.compute.manager [${context} user project - - default default] [instance: ${INSTANCE}] text`

/**
 * Stores generated logs, some lines of each level under odd names, a request's path through three services, and records
 * that end in quarantine.
 */
async function load (stack: Stack): Promise<void> {
  const generator = createGenerator({ hosts: 20, seed: 11, recordsPerMessage: 50 })
  const { accepted } = await startSenders({ url: stack.bus.url, addresses: [ADDRESS], generator, records: 3_000 })
  assert.equal(accepted, 3_000)
  const sender = await stack.sender()
  const way = [
    { ...ODD, source: 'nova-api', message: oslo('INFO', REQUEST) },
    { ...ODD, source: 'nova-compute', host: 'other.example.org', message: oslo('INFO', REQUEST) },
    { ...ODD, source: 'neutron-server', message: oslo('WARNING', `${REQUEST} req-${randomUUID()}`) }
  ]
  const levels = [ODD, ALIKE].flatMap(names => LEVELS.map(level => ({ ...names, message: oslo(level, `None req-${randomUUID()}`) })))
  const bad = ['no JSON\n', record({ '@timestamp': undefined })]
  assert.equal(await sender.send(message([...[...way, ...levels].map(record), ...bad])), 'accepted')
}

/** One row of the dashboard follows a request through the whole cloud. */
const ofRequest = ({ expr }: Query): boolean => expr.includes('request_id')

/** Checks that an answer holds nothing but the choice. */
function check (query: Query, choices: Choices, labels: Record<string, string>): void {
  for (const name of ofRequest(query) ? ['cloud'] : ['cloud', 'region', 'host', 'source', 'level']) {
    const choice = choices[name] ?? ALL
    const label = labels[name === 'level' ? 'detected_level' : name]
    if (choice !== ALL && label !== undefined) assert.ok(choice.includes(label), `${query.panel}: ${name} is ${label}, not of ${choice}`)
  }
}

/** Counts the lines of an answer. The intervals of a volume do not overlap, so each line counts once. */
function lines (query: Query, found: Found[]): number {
  const counts = found.flatMap(({ values }) => values.map(([, value]) => query.expr.includes('count_over_time') ? Number(value) : 1))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** The choices, and the known number of lines in each panel: for the request, and otherwise. */
interface Case { chosen: Choices, exactly?: readonly [request: number, other: number] }

const CASES: Record<string, Case[]> = {
  'lokean-openstack-logs': [
    { chosen: { request_id: REQUEST } },
    {
      chosen: {
        cloud: [ODD.cloud],
        region: [ODD.region],
        host: [ODD.host],
        source: [ODD.source],
        level: ['error', 'critical'],
        request_id: REQUEST,
        search: `INSTANCE: ${INSTANCE}`
      },
      exactly: [3, 2]
    },
    {
      chosen: {
        cloud: [ODD.cloud, 'cloud1', 'cloud2'],
        host: [ODD.host, 'controller-0000.cloud1.example.org', 'compute-0001.cloud2.example.org'],
        request_id: REQUEST
      }
    }
  ],
  'lokean-one-host': [
    { chosen: {} },
    { chosen: { host: ODD.host }, exactly: [0, 7] },
    { chosen: { cloud: [ODD.cloud], host: ODD.host, source: [ODD.source], level: ['error'], search: INSTANCE }, exactly: [0, 1] }
  ],
  lokean: [{ chosen: {} }]
}

async function everyQuery (t: TestContext, env: Record<string, string>): Promise<void> {
  const stack = await Stack.start(t, { env })
  const begun = Math.floor(Date.now() / 1000)
  await load(stack)
  const loki = new AskLoki(env.LOKEAN_LOKI_URL ?? stack.loki.url, begun - 60, Math.ceil(Date.now() / 1000) + 60)
  const lokiValues = async (source: string, label: string, selector: string): Promise<string[]> => source === 'loki'
    ? await loki.labelValues(label, selector)
    : ['']
  const ask = async (query: Query, choices: Choices): Promise<Found[]> =>
    await loki.range(interpolate(query.expr, 'loki', query.dashboard.templating.list, { ...choices, __auto: '5s' }), query)
  const seen = new Set<Dashboard>()

  for (const dashboard of dashboards()) {
    for (const { chosen, exactly } of CASES[dashboard.uid]) {
      const { options, choices } = await offered(dashboard, chosen, lokiValues)
      for (const { name, datasource } of dashboard.templating.list) {
        if (datasource?.type === 'loki') assert.ok(options[name].length > 0, `${dashboard.title}: ${name} offers nothing`)
      }
      for (const query of queriesOf(dashboard).filter(({ datasource }) => datasource.type === 'loki')) {
        const found = await ask(query, choices)
        assert.ok(found.some(({ values }) => values.length > 0), `${dashboard.title}, ${query.panel}: nothing by ${JSON.stringify(choices)}`)
        for (const { labels } of found) check(query, choices, labels)
        if (exactly !== undefined) assert.equal(lines(query, found), exactly[ofRequest(query) ? 0 : 1], `${dashboard.title}, ${query.panel}: ${JSON.stringify(choices)}`)
        seen.add(dashboard)
      }
    }
  }
  assert.equal(seen.size, Object.keys(CASES).length)

  // The request's row shows its path, the oldest line first. At first no request is chosen.
  const logs = dashboards().find(({ uid }) => uid === 'lokean-openstack-logs') as Dashboard
  const [way, log] = queriesOf(logs).slice(-2)
  const places = (await ask(way, { request_id: REQUEST })).map(({ labels }) => `${labels.source} on ${labels.host}`)
  assert.deepEqual(places.sort(), [`neutron-server on ${ODD.host}`, `nova-api on ${ODD.host}`, 'nova-compute on other.example.org'])
  const times = (await ask(log, { request_id: REQUEST })).flatMap(({ values }) => values.map(([time]) => time))
  assert.deepEqual([log.direction, times.length], ['forward', 3])
  assert.deepEqual([await ask(way, {}), await ask(log, {})], [[], []])

  // The target of a derived field's link must hold the line of the field.
  const [{ jsonData: { derivedFields = [] } }] = dataSources()
  const found = (await loki.range('{source=~".+"} |= "[instance: "')).flatMap(({ labels, values }) =>
    values.map(([, line]) => ({ labels, line })))
  for (const field of derivedFields) {
    const value = found.map(({ labels, line }) => derived(field, line, labels)).find(one => one !== undefined)
    assert.ok(value !== undefined, `${field.name} finds nothing`)
    const { uid, variable } = target(field)
    const dashboard = dashboards().find(one => one.uid === uid) as Dashboard
    const { choices } = await offered(dashboard, { [variable]: value }, lokiValues)
    const panels = queriesOf(dashboard)
      .filter(({ expr, datasource }) => datasource.type === 'loki' && new RegExp(`\\$\\{?${variable}\\b`).test(expr))
    assert.ok(panels.length > 0)
    for (const query of panels) assert.ok((await ask(query, choices)).length > 0, `${field.name} leads to nothing in ${query.panel}`)
  }
}

test('every LogQL query of the dashboards finds what was logged, and nothing that was not chosen', async t => {
  await everyQuery(t, {})
})

/** Every query, with so many hosts that one series for each is more than Loki yields. */
async function manyHosts (t: TestContext, env: Record<string, string>): Promise<void> {
  const stack = await Stack.start(t, { env })
  const begun = Math.floor(Date.now() / 1000)
  await load(stack)
  const sender = await stack.sender()
  const failing = Array.from({ length: 2_000 }, (_, i) => record({ host: `h${i}`, message: oslo('ERROR', REQUEST) }))
  assert.equal(await sender.send(message(failing)), 'accepted')
  const loki = new AskLoki(env.LOKEAN_LOKI_URL ?? stack.loki.url, begun - 60, Math.ceil(Date.now() / 1000) + 60)
  const values = async (source: string, label: string, selector: string): Promise<string[]> =>
    source === 'loki' ? await loki.labelValues(label, selector) : ['']

  assert.ok((await loki.labelValues('host', '')).length > 2_000)
  await assert.rejects(loki.range('topk(10, sum by (host) (count_over_time({host=~".+"} [5s])))'), /maximum (?:number )?of series/)
  for (const dashboard of dashboards()) {
    const { choices } = await offered(dashboard, { request_id: REQUEST }, values)
    for (const query of queriesOf(dashboard).filter(({ datasource }) => datasource.type === 'loki')) {
      const found = await loki.range(interpolate(query.expr, 'loki', dashboard.templating.list, { ...choices, __auto: '5s' }), query)
      if (query.expr.includes('count_over_time')) assert.ok(found.length < 100, `${query.panel}: ${found.length} series`)
      assert.ok(found.length > 0, query.panel)
    }
  }
}

test('no panel asks for more series than Loki yields, with 2,000 hosts and everything chosen', async t => {
  await manyHosts(t, {})
})

for (const [what, queries] of [['each query finds what was logged', everyQuery], ['with 2,000 hosts', manyHosts]] as const) {
  test(`the same of a real Loki: ${what}`, { skip: REAL === '' && 'LOKEAN_TEST_LOKI_URL names no Loki' }, async t => {
    await queries(t, { LOKEAN_LOKI_URL: REAL })
  })
}
