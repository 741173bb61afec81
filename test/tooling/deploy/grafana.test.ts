import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { FOLDER, dashboardFiles } from '../../../deploy/grafana/definition/all.ts'
import { createMetrics } from '../../../src/ops/metrics.ts'
import { MEND_REASONS, QUARANTINE_REASONS } from '../../../src/worker/messages/reasons.ts'
import { dataSources, derived, target, type DerivedField } from '../../helpers/derived-fields.ts'
import { ALL, dashboards, interpolate, panelsOf, queriesOf, variablesIn, type Variable } from '../../helpers/grafana.ts'

const GRAFANAS_OWN = ['__auto', '__rate_interval']

test('the dashboards are those that the code defines (npm run dashboards renews them)', () => {
  const files = dashboardFiles()
  assert.deepEqual(readdirSync(FOLDER).filter(file => file.endsWith('.json')).sort(), [...files.keys()].sort())
  for (const [file, text] of files) assert.equal(readFileSync(join(FOLDER, file), 'utf8'), text, file)
})

for (const dashboard of dashboards()) {
  test(`${dashboard.title}: every panel has a number of its own and a data source, and every variable is defined before it is used`, () => {
    const panels = panelsOf(dashboard)
    assert.deepEqual(panels.map(({ id }) => id), panels.map((_, i) => i + 1))
    for (const { title, type, targets = [], datasource } of panels) {
      assert.equal(targets.length > 0, type !== 'row', title)
      for (const target of targets) assert.deepEqual(target.datasource, datasource, title)
    }
    const known = new Set(GRAFANAS_OWN)
    for (const { name, query } of dashboard.templating.list) {
      assert.deepEqual(variablesIn(JSON.stringify(query)).filter(used => !known.has(used)), [], name)
      known.add(name)
    }
    for (const { panel, expr, datasource } of queriesOf(dashboard)) {
      assert.deepEqual([...variablesIn(expr), ...variablesIn(datasource.uid)].filter(used => !known.has(used)), [], panel)
      assert.equal(datasource.uid, `$${datasource.type}`)
    }
  })
}

test('the dashboard of Lokean asks for every metric that Lokean has, and for no other of its name', () => {
  const { registry } = createMetrics({
    version: '',
    addresses: [],
    quarantineReasons: QUARANTINE_REASONS,
    mendReasons: MEND_REASONS,
    deadLetterReasons: [],
    processMetrics: false
  })
  const asked = dashboards().flatMap(queriesOf).flatMap(({ expr }) => expr.match(/\blokean_\w+/g) ?? [])
    .map(name => name.replace(/_(bucket|sum|count)$/, ''))
  assert.deepEqual(
    [...new Set(asked)].sort(), registry.getMetricsAsArray().map(({ name }) => name).filter(name => name.startsWith('lokean_')).sort()
  )
})

test('the dashboards are provided from where the comment says they are mounted', () => {
  const file = 'deploy/grafana/provisioning/dashboards/lokean.yaml'
  const { providers: [{ options: { path } }] } = parse(readFileSync(file, 'utf8')) as { providers: Array<{ options: { path: string } }> }
  assert.match(readFileSync(file, 'utf8').split('\n')[0], new RegExp(`mounted at ${path}\\.$`))
})

test('derived fields link to dashboards and variables that there are', () => {
  const fields = dataSources().flatMap(({ jsonData: { derivedFields = [] } }) => derivedFields)
  assert.ok(fields.length > 0)
  for (const field of fields) {
    const { uid, variable } = target(field)
    const dashboard = dashboards().find(one => one.uid === uid)
    assert.ok(dashboard?.templating.list.some(({ name }) => name === variable), field.url)
  }
})

test('derived fields find the request and the instance in the lines of every release, and in metadata', () => {
  const [loki] = dataSources()
  const find = (name: string, line: string, labels: Record<string, string> = {}): string | undefined => derived(
    loki.jsonData.derivedFields?.find(field => field.name === name) as DerivedField, line, labels
  )
  const id = '3f2b8c1d-0a4e-4b57-9c2a-1d2e3f405162'
  const head = '2026-11-22 08:00:01.234 7 INFO nova.compute.manager'
  for (const context of [
    `[req-${id} - - - - -]`, `[None req-${id} user project - - default default]`,
    `[req-${id} req-00000000-0000-0000-0000-000000000000 user]`
  ]) {
    assert.equal(find('request in the line', `${head} ${context} [instance: ${id}] text`), `req-${id}`)
  }
  assert.equal(find('request in the line', `${head} [-] text`), undefined)
  assert.equal(find('instance in the line', `${head} [-] [instance: ${id}] text`), id)
  const labels = { global_request_id: 'req-other', host: 'a', hostname_x: 'b', instance_id: id, request_id: `req-${id}` }
  assert.deepEqual(['request', 'instance', 'host'].map(name => find(name, '', labels)), [`req-${id}`, id, 'a'])
})

test('variables are put in as Grafana does it', () => {
  const variable = (name: string, more: Partial<Variable> = {}): Variable => ({
    name, type: 'custom', multi: false, includeAll: false, query: '', ...more
  })
  const variables = [
    variable('one'), variable('many', { multi: true, includeAll: true, allValue: '.*' }),
    variable('text', { type: 'textbox', query: 'a|b' })
  ]
  const choices = { one: 'a.b', many: ['a.b', 'c|d'], __auto: '5s' }
  const template = '$one $many ${text:raw} ${one:regex} [$__auto] $1' // eslint-disable-line no-template-curly-in-string
  assert.equal(interpolate(template, 'loki', variables, choices), 'a.b a\\\\.b|c\\\\|d a|b a\\.b [5s] $1')
  assert.equal(interpolate('$many', 'prometheus', variables, choices), '(a\\\\.b|c\\\\|d)')
  assert.equal(interpolate('$many', 'prometheus', variables, { many: [ALL] }), '.*')
  assert.throws(() => interpolate('$none', 'loki', variables, {}), /no such variable/)
})
