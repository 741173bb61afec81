import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { createCanaryMetrics } from '../../../src/ops/canary-metrics.ts'
import { createMetrics } from '../../../src/ops/metrics.ts'
import { documents, KUBERNETES, type Manifest } from '../../helpers/manifests.ts'

const RULES = 'deploy/prometheus/lokean.rules.yaml'
const PROMETHEUS_RULE = 'deploy/kubernetes/base/prometheus-rule.yaml'

interface Rule { record?: string, alert?: string, expr: string }
interface Groups { groups: Array<{ rules: Rule[] }> }

const [{ groups }] = documents<Groups>(RULES)
const rules = groups.flatMap(group => group.rules)

/** Returns the names in a scrape. A histogram has three. */
async function scraped (): Promise<Set<string>> {
  const { registry } = createMetrics({
    version: '1', addresses: ['a'], quarantineReasons: ['q'], mendReasons: ['m'], deadLetterReasons: ['d']
  })
  const all = [...await registry.getMetricsAsJSON(), ...await createCanaryMetrics().registry.getMetricsAsJSON()]
  return new Set(all.flatMap(({ name, type }) =>
    String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]))
}

test('the operator\'s rules are those of the file', () => {
  assert.deepEqual(documents<Manifest>(PROMETHEUS_RULE)[0].spec, { groups })
})

test('every metric that rules and dashboards ask for is one of the program\'s, or a rule\'s', async () => {
  const known = await scraped()
  for (const { record } of rules) if (record !== undefined) known.add(record)
  known.add('lokean_workers_busy') // the adapter's own name
  const scalers = ['base/horizontal-pod-autoscaler.yaml', 'components/keda/scaled-object.yaml'].map(file => join(KUBERNETES, file))
  const files = [RULES, 'deploy/prometheus/adapter.yaml', 'deploy/helm/templates/autoscaler.yaml', ...scalers, ...dashboards()]
  for (const file of files) {
    const names = new Set(readFileSync(file, 'utf8').match(/\blokean[_:][a-z0-9_:]*[a-z0-9]/g) ?? [])
    assert.deepEqual([...names].filter(name => !known.has(name)), [], file)
  }
  assert.ok(rules.length > 10)
})

function dashboards (): string[] {
  const folder = 'deploy/grafana/dashboards'
  return readdirSync(folder).filter(file => file.endsWith('.json')).map(file => join(folder, file))
}

test('the rule files of prometheus.yaml are there, and what it scrapes are services of the compose file', () => {
  const file = 'deploy/prometheus/prometheus.yaml'
  const [{ rule_files: names, scrape_configs: jobs }] = documents<{
    rule_files: string[], scrape_configs: Array<{ job_name: string, static_configs: Array<{ targets: string[] }> }>
  }>(file)
  for (const name of names) assert.ok(existsSync(join(dirname(file), name)), name)
  const [{ services }] = documents<{ services: Record<string, unknown> }>('deploy/compose.yaml')
  assert.ok(jobs.some(({ job_name: name }) => name === 'lokean'), 'the rules know it by this name')
  for (const target of jobs.flatMap(job => job.static_configs).flatMap(({ targets }) => targets)) {
    assert.ok(target.split(':')[0] in services, target)
  }
})
