import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rootCertificates } from 'node:tls'
import { Ajv } from 'ajv'
import { valuesSchema } from '../../../deploy/schema/helm-values.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { CHART, CHOICES, defaults, merged, rendered, type Values } from '../../helpers/chart.ts'
import { documents, KUBERNETES, type Manifest, schemaError, typeErrors } from '../../helpers/manifests.ts'

const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(valuesSchema())
const objects = rendered()
const of = (kind: string, all = objects): Manifest => all.find(one => one.kind === kind) ?? assert.fail(kind)

test('the schema takes the chart\'s own values, and the choices', () => {
  for (const values of [{}, ...Object.values(CHOICES)]) assert.ok(validate(merged(values)), JSON.stringify(validate.errors))
})

test('the schema refuses a word that is no setting or value, and a secret', () => {
  const wrong: Values[] = [
    { settings: { LOKEAN_SHARD: '4' } },
    { settings: { LOKEAN_SHARDS: 0 } },
    { settings: { LOKEAN_LOKI_VERIFY: true } },
    { settings: { LOKEAN_AMQP_PASSWORD: 'secret' } },
    { autoscaling: { by: 'cpu' } },
    { listen: { ports: [{ port: 2514 }] } },
    { replica: 3 }
  ]
  for (const values of wrong) assert.ok(!validate(merged(values)), JSON.stringify(values))
  assert.ok(validate(merged({ settings: { LOKEAN_AMQP_PASSWORD_FILE: '/etc/lokean/credentials/other' } })))
})

for (const [what, values] of Object.entries({ 'its own values': {}, ...CHOICES })) {
  test(`every object of the chart with ${what} is what the API takes`, () => {
    const made = rendered(values)
    for (const one of made) assert.equal(schemaError(one), '', one.kind)
    assert.deepEqual(typeErrors(made), [])
  })

  test(`with ${what} selectors select the pods, and the metrics' Service alone is scraped`, () => {
    const made = rendered(values)
    const selects = (selector: Record<string, string>, labels: Record<string, string> = {}): boolean =>
      Object.entries(selector).every(([name, value]) => labels[name] === value)
    const { spec: { selector, template } } = of('Deployment', made)
    const services = made.filter(({ kind }) => kind === 'Service')
    const selectors = [selector, of('PodDisruptionBudget', made).spec.selector].map(({ matchLabels }) => matchLabels)
    for (const one of [...selectors, ...services.map(({ spec }) => spec.selector)]) assert.ok(selects(one, template.metadata.labels))
    const ports = template.spec.containers[0].ports.map(({ name }: { name: string }) => name)
    for (const { targetPort } of services.flatMap(({ spec }) => spec.ports)) assert.ok(ports.includes(targetPort), targetPort)
    for (const { spec } of made.filter(({ kind }) => kind === 'ServiceMonitor')) {
      const scraped = services.filter(({ metadata }) => selects(spec.selector.matchLabels, metadata.labels))
      assert.deepEqual(scraped.map(({ metadata: { name } }) => name), ['lokean'])
      assert.equal(spec.endpoints[0].port, scraped[0].spec.ports[0].name)
    }
  })
}

test('the program takes the settings as the pod gets them, numbers too', () => {
  const settings = { LOKEAN_INFLIGHT_BYTES: 1073741824, LOKEAN_SHARDS: 8, LOKEAN_LOKI_LABELS: 'a=b"c' }
  const { data } = of('ConfigMap', rendered({ settings }))
  const readFile = (path: string): string => path.endsWith('.crt') ? rootCertificates[0] : 'secret'
  const { config, warnings } = loadConfig(data as Record<string, string>, { readFile })
  assert.deepEqual([config.inflightBytes, config.shards, config.loki.labels[0].value, warnings], [1073741824, 8, 'b"c', []])
  const { terminationGracePeriodSeconds } = of('Deployment').spec.template.spec
  assert.ok(terminationGracePeriodSeconds >= 5 + config.drainTimeoutMs / 1000 + 5)
})

test('a changed setting rolls the pods, and nothing else does', () => {
  const sum = (values: Values): string => of('Deployment', rendered(values)).spec.template.metadata.annotations['checksum/settings']
  assert.notEqual(sum({ settings: { LOKEAN_SHARDS: 5 } }), sum({}))
  assert.equal(sum({ replicas: 5 }), sum({}))
})

test('pods, budget and Service are those of the manifests', () => {
  const base = (file: string): Manifest => documents<Manifest>(join(KUBERNETES, 'base', file))[0]
  const unlabelled = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (key, inner: unknown) =>
    /^(?:matchLabels|labels|annotations|imagePullPolicy)$/.test(key) ? undefined : inner))
  const { spec: { template } } = base('deployment.yaml')
  const [container] = template.spec.containers
  const { spec: { template: own } } = of('Deployment')
  const [{ appVersion }] = documents<{ appVersion: string }>(join(CHART, 'Chart.yaml'))
  const image = `${defaults.image.repository}:${appVersion}`
  const named = { ...template.spec, containers: [{ ...container, image }] }
  assert.deepEqual(unlabelled(own.spec), unlabelled(named))
  for (const [kind, file] of [['PodDisruptionBudget', 'pod-disruption-budget.yaml'], ['ServiceAccount', 'service-account.yaml']]) {
    const [{ metadata: _, ...mine }, { metadata: __, ...theirs }] = [of(kind), base(file)]
    assert.deepEqual(unlabelled(mine), unlabelled(theirs))
  }
  const [monitor] = documents<Manifest>(join(KUBERNETES, 'base/service-monitor.yaml'))
  assert.deepEqual(unlabelled(of('ServiceMonitor', rendered(CHOICES['KEDA and listeners'])).spec), unlabelled(monitor.spec))
})

test('both autoscalers are those of the manifests', () => {
  const [hpa] = documents<Manifest>(join(KUBERNETES, 'base/horizontal-pod-autoscaler.yaml'))
  assert.deepEqual(of('HorizontalPodAutoscaler', rendered({ autoscaling: { by: 'hpa' } })).spec, hpa.spec)
  const [keda] = documents<Manifest>(join(KUBERNETES, 'components/keda/scaled-object.yaml'))
  const { spec } = of('ScaledObject', rendered({ autoscaling: { by: 'keda' } }))
  assert.deepEqual(JSON.parse(JSON.stringify(spec).replaceAll('\\"logs\\"', '\\"lokean\\"')), keda.spec)
  for (const by of ['hpa', 'keda']) assert.equal(of('Deployment', rendered({ autoscaling: { by } })).spec.replicas, undefined)
  assert.equal(of('Deployment').spec.replicas, 2)
})

test('the chart has the package\'s version', () => {
  const [{ version, appVersion }] = documents<{ version: string, appVersion: string }>(join(CHART, 'Chart.yaml'))
  const own = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version
  assert.deepEqual([version, appVersion], [own, own])
})
