import { OPTION_NAMES, optionOf } from '../../src/config/options.ts'
import { DRAFT, fileOf, propertiesOf, type Schema } from './settings.ts'

export const VALUES_SCHEMA = 'deploy/helm/values.schema.json'

const text: Schema = { type: 'string' }
const whole = (minimum: number, maximum: number): Schema => ({ type: 'integer', minimum, maximum })
const list = (items: Schema = { type: 'object' }): Schema => ({ type: 'array', items })
const portName: Schema = { type: 'string', pattern: '^[a-z0-9-]{1,15}$' }
const port = object({ name: portName, port: whole(1, 65_535), protocol: { enum: ['TCP', 'UDP'] } }, ['name', 'port'])

/** What Helm takes as values of the chart. A secret is no setting of it: only the file that has it. */
export function valuesSchema (): Schema {
  return {
    $schema: DRAFT,
    title: 'Values of Lokean\'s chart',
    ...object({
      settings: object(settings()),
      credentialsSecret: text,
      image: object({ repository: text, tag: text, pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] } }),
      imagePullSecrets: list(),
      replicas: whole(0, 1_000),
      autoscaling: object({
        by: { enum: ['none', 'hpa', 'keda'] },
        minReplicas: whole(1, 1_000),
        maxReplicas: whole(1, 1_000),
        busyTenths: whole(1, 9),
        prometheus: text
      }),
      resources: { type: 'object' },
      terminationGracePeriodSeconds: whole(0, 86_400),
      listen: object({ type: { enum: ['LoadBalancer', 'NodePort', 'ClusterIP'] }, ports: list(port) }),
      serviceMonitor: object({ enabled: { type: 'boolean' }, labels: { type: 'object', additionalProperties: text } }),
      volumes: list(),
      volumeMounts: list(),
      podAnnotations: { type: 'object', additionalProperties: text },
      nodeSelector: { type: 'object', additionalProperties: text },
      tolerations: list(),
      affinity: { type: 'object' },
      // Of a chart that this one is part of.
      global: { type: 'object' }
    })
  }
}

function settings (): Record<string, Schema> {
  return Object.fromEntries(OPTION_NAMES.flatMap(name => {
    const properties = propertiesOf(name)
    return optionOf(name).secret === true ? properties.filter(([property]) => property === fileOf(name)) : properties
  }))
}

function object (properties: Record<string, Schema>, required: string[] = []): Schema {
  return { type: 'object', properties, ...required.length === 0 ? {} : { required }, additionalProperties: false }
}
