import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { GoTemplates } from './go-template.ts'
import { documents, type Manifest } from './manifests.ts'

export const CHART = 'deploy/helm'
const TEMPLATES = join(CHART, 'templates')

export type Values = Record<string, any>

export const defaults = documents<Values>(join(CHART, 'values.yaml'))[0]

/** Values that bring out each part of the templates. */
export const CHOICES: Record<string, Values> = {
  'KEDA and listeners': {
    autoscaling: { by: 'keda' },
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    listen: { ports: [{ name: 'relp', port: 2514 }, { name: 'syslog', port: 514, protocol: 'UDP' }] }
  },
  'an autoscaler, and all that a pod can have': {
    autoscaling: { by: 'hpa' },
    settings: { LOKEAN_AMQP_PASSWORD_FILE: '/run/other/password', LOKEAN_INFLIGHT_BYTES: 1073741824 },
    credentialsSecret: '',
    image: { tag: '9.9.9' },
    imagePullSecrets: [{ name: 'registry' }],
    listen: { type: 'ClusterIP', ports: [{ name: 'relp', port: 2514 }] },
    volumes: [{ name: 'other', secret: { secretName: 'other' } }],
    volumeMounts: [{ name: 'other', mountPath: '/run/other' }],
    podAnnotations: { 'example.org/owner': 'logs: yes' },
    nodeSelector: { 'kubernetes.io/arch': 'arm64' },
    tolerations: [{ key: 'infra', operator: 'Exists' }],
    affinity: { nodeAffinity: {} }
  }
}

/** The values that Helm makes of the chart's own and those given. */
export function merged (given: Values, base: Values = defaults): Values {
  const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value)
  const result = { ...base, ...given }
  for (const [name, value] of Object.entries(given)) if (isMap(value) && isMap(base[name])) result[name] = merged(value, base[name])
  return result
}

/** The objects of the chart, by the renderer of the tests. */
export function rendered (given: Values = {}): Manifest[] {
  const [{ version, appVersion }] = documents<{ version: string, appVersion: string }>(join(CHART, 'Chart.yaml'))
  const root = {
    Values: merged(given),
    Release: { Name: 'lokean', Namespace: 'logs', Service: 'Helm' },
    Chart: { Version: version, AppVersion: appVersion }
  }
  const templates = new GoTemplates()
  // The helpers come first.
  const texts = readdirSync(TEMPLATES).sort((a, b) => Number(b.startsWith('_')) - Number(a.startsWith('_')) || (a < b ? -1 : 1))
    .map(name => templates.render(readFileSync(join(TEMPLATES, name), 'utf8'), root))
  return objectsOf(texts.join('\n---\n'))
}

export function objectsOf (text: string): Manifest[] {
  return parseAllDocuments(text).flatMap(document => {
    assert.deepEqual([...document.errors, ...document.warnings], [], text)
    const object = document.toJS() as Manifest | null
    return object === null ? [] : [object]
  })
}
