import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rootCertificates } from 'node:tls'
import { startAdmin } from '../../../src/ops/admin.ts'
import { COMMANDS } from '../../../src/cli/flags.ts'
import { loadConfig } from '../../../src/config/load.ts'
import {
  documents, KUBERNETES, kustomization, type Manifest, resources, schemaError, settings, typeErrors
} from '../../helpers/manifests.ts'
import { httpGet } from '../../helpers/program.ts'
import { CERTIFICATE, KEY } from '../../unit/embedded/bus/certificate.ts'

const BASE = join(KUBERNETES, 'base')
const OVERLAYS = readdirSync(join(KUBERNETES, 'overlays')).map(name => join(KUBERNETES, 'overlays', name))
const DOCKERFILE = readFileSync('Dockerfile', 'utf8')

const patches = (folder: string): Manifest[] =>
  (kustomization(folder).patches ?? []).flatMap(({ path }) => documents<Manifest>(join(folder, path)))
const example = documents<Manifest>(join(BASE, 'secret.example.yaml'))[0]
const objects = [...new Map([BASE, ...OVERLAYS].flatMap(resources).map(one => [`${one.kind} ${one.metadata.name}`, one])).values(), example]
const of = (kind: string): Manifest => {
  const found = objects.filter(one => one.kind === kind)
  if (found.length === 1) return found[0]
  return found.find(({ metadata }) => metadata.name === 'lokean') ?? assert.fail(kind)
}
const pod = of('Deployment').spec.template
const [container] = pod.spec.containers

test('every object is what the API takes, without a field that it does not know', () => {
  assert.deepEqual(objects.map(({ kind }) => kind).sort(), [
    'ClusterRoleBinding', 'ConfigMap', 'Deployment', 'HorizontalPodAutoscaler', 'Namespace', 'NetworkPolicy',
    'PodDisruptionBudget',
    'PrometheusRule', 'Secret', 'Service', 'Service', 'Service', 'ServiceAccount', 'ServiceMonitor'
  ])
  for (const one of objects) assert.equal(schemaError(one), '', one.kind)
  assert.deepEqual(typeErrors(objects), [])
  assert.deepEqual(typeErrors(OVERLAYS.flatMap(patches), { partial: true }), [])
})

test('that would not pass a wrong one', () => {
  const deployment = structuredClone(of('Deployment'))
  deployment.spec.template.spec.containers[0].readinessprobe = {}
  assert.match(typeErrors([deployment]).join(), /readinessprobe/)
  assert.match(typeErrors([deployment], { partial: true }).join(), /readinessprobe/)
  deployment.spec.template.spec.terminationGracePeriodSeconds = '40s'
  assert.match(schemaError(deployment), /terminationGracePeriodSeconds must be integer/)
})

test('every file is of a kustomization, and every patch of an object that is there', () => {
  for (const folder of [BASE, ...OVERLAYS]) {
    const { resources: names, patches: changed = [] } = kustomization(folder)
    const files = readdirSync(folder).filter(file => !/^kustomization\.yaml$|\.example\.yaml$/.test(file))
    assert.deepEqual([...names.filter(name => name.endsWith('.yaml')), ...changed.map(({ path }) => path)].sort(), files.sort(), folder)
    const there = resources(folder).map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    for (const { kind, metadata } of patches(folder)) assert.ok(there.includes(`${kind} ${metadata.name}`), `${kind} ${metadata.name}`)
  }
})

for (const folder of [BASE, ...OVERLAYS]) {
  test(`the program takes the settings of ${folder}, and the files they name are mounted`, () => {
    const spec = { volumes: [...pod.spec.volumes], mounts: [...container.volumeMounts] }
    for (const { spec: { template } } of patches(folder).filter(({ kind }) => kind === 'Deployment')) {
      spec.volumes.push(...template.spec.volumes ?? [])
      spec.mounts.push(...template.spec.containers[0].volumeMounts ?? [])
    }
    const read: string[] = []
    const readFile = (path: string): string => {
      read.push(path)
      const mount = spec.mounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`))
      const volume = spec.volumes.find(({ name }) => name === mount?.name)
      assert.ok(keysOf(volume, folder).includes(path.slice(mount.mountPath.length + 1)), path)
      if (path.startsWith('/etc/lokean/listen/') || /\/(?:listen|loki-client)\.\w+$/.test(path)) return path.endsWith('.crt') ? CERTIFICATE : KEY
      return path.endsWith('.crt') ? rootCertificates[0] : 'secret'
    }
    const { config, warnings } = loadConfig(settings(folder), { cores: 2, readFile })
    assert.deepEqual(warnings, [])
    assert.ok(read.length >= 2)

    // preStop counts towards the grace period. 5 s are for closing the links.
    const [command, seconds] = container.lifecycle.preStop.exec.command
    assert.equal(command, 'sleep')
    assert.ok(pod.spec.terminationGracePeriodSeconds >= Number(seconds) + config.drainTimeoutMs / 1000 + 5)
  })
}

interface Volume {
  secret?: { secretName: string }
  configMap?: { name: string }
  projected?: { sources: Array<{ serviceAccountToken: { path: string } }> }
}

/** Returns the files of a volume: of the operator's Secret, of a token, or of OpenShift's own. */
function keysOf (volume: Volume | undefined, folder: string): string[] {
  if (volume?.projected !== undefined) return volume.projected.sources.map(({ serviceAccountToken: { path } }) => path)
  if (volume?.secret?.secretName === example.metadata.name) return Object.keys(example.stringData)
  const served = resources(folder).some(({ metadata: { annotations } }) =>
    annotations?.['service.beta.openshift.io/serving-cert-secret-name'] === volume?.secret?.secretName)
  if (volume?.secret !== undefined && served) return ['tls.crt', 'tls.key']
  const object = resources(folder).find(({ kind, metadata: { name } }) =>
    (kind === 'Secret' && name === volume?.secret?.secretName) || (kind === 'ConfigMap' && name === volume?.configMap?.name))
  assert.ok(object !== undefined, `${JSON.stringify(volume)} is of an object that is there`)
  return object.metadata.annotations?.['service.beta.openshift.io/inject-cabundle'] === 'true'
    ? ['service-ca.crt']
    : Object.keys(object.data ?? {})
}

test('the image is the Dockerfile\'s: its command, port and user', () => {
  const [image] = kustomization(BASE).images ?? []
  // The workflow pushes ghcr.io/<owner>/<repository>, and nobody here knows the owner.
  assert.match(readFileSync('.github/workflows/release.yml', 'utf8'), /image="ghcr\.io\/\$\{GITHUB_REPOSITORY,,\}/)
  assert.equal(image.newName, 'ghcr.io/owner/lokean')
  assert.equal(container.image, image.name)
  assert.equal(image.newTag, (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version)
  assert.ok(COMMANDS.includes(container.args[0]))
  assert.equal(container.command, undefined)
  const exposed = Number(/^EXPOSE (\d+)$/m.exec(DOCKERFILE)?.[1])
  assert.deepEqual(container.ports, [{ name: 'metrics', containerPort: exposed }])
  assert.equal(of('Service').spec.ports[0].targetPort, 'metrics')
  // The image's LOKEAN_ADMIN_ADDR holds where the manifest sets none.
  assert.match(DOCKERFILE, new RegExp(`^ENV .*LOKEAN_ADMIN_ADDR=0\\.0\\.0\\.0:${exposed}$`, 'm'))
  for (const folder of [BASE, ...OVERLAYS]) assert.equal(settings(folder).LOKEAN_ADMIN_ADDR, undefined)
  // runAsNonRoot needs a number that is not 0.
  assert.match(DOCKERFILE, /^USER [1-9]\d*(:\d+)?$/m)
})

test('the admin port answers what the probes and Prometheus ask for', async t => {
  const admin = await startAdmin({
    host: '127.0.0.1',
    port: 0,
    registry: { contentType: 'text/plain', metrics: async () => '' },
    status: () => ({ ready: true, checks: {} }),
    log: { error: assert.fail, warn: assert.fail }
  })
  t.after(() => admin.close())
  const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'].map(name => container[name].httpGet)
  assert.deepEqual(probes.map(({ port }) => port), ['metrics', 'metrics', 'metrics'])
  for (const path of [...probes.map(probe => probe.path), of('ServiceMonitor').spec.endpoints[0].path]) {
    assert.equal((await httpGet(admin.url + path)).status, 200, path)
  }
})

test('pods are restricted, and of no user', () => {
  assert.equal(of('Namespace').metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted')
  assert.deepEqual(pod.spec.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] }
  })
  assert.equal(pod.spec.automountServiceAccountToken, false)
})

test('selectors select the pods, the Service and the Deployment', () => {
  const { labels } = pod.metadata
  assert.deepEqual(of('Deployment').spec.selector.matchLabels, labels)
  assert.deepEqual(of('Service').spec.selector, labels)
  assert.deepEqual(of('Service').metadata.labels, of('ServiceMonitor').spec.selector.matchLabels)
  assert.equal(of('ServiceMonitor').spec.endpoints[0].port, of('Service').spec.ports[0].name)
  assert.deepEqual(of('PodDisruptionBudget').spec.selector.matchLabels, labels)
  assert.deepEqual(of('NetworkPolicy').spec.podSelector.matchLabels, labels)
  for (const { labelSelector } of pod.spec.topologySpreadConstraints) assert.deepEqual(labelSelector.matchLabels, labels)
  const { apiVersion, kind, metadata: { name } } = of('Deployment')
  assert.deepEqual(of('HorizontalPodAutoscaler').spec.scaleTargetRef, { apiVersion, kind, name })
  assert.equal(of('Deployment').spec.replicas, undefined, 'they are the autoscaler\'s')
  assert.ok(of('HorizontalPodAutoscaler').spec.minReplicas > of('PodDisruptionBudget').spec.maxUnavailable)
  const [{ rules: [rule] }] = documents<{ rules: Array<{ name: { as: string } }> }>('deploy/prometheus/adapter.yaml')
  assert.deepEqual(of('HorizontalPodAutoscaler').spec.metrics.map((metric: any) => metric.pods.metric.name), [rule.name.as])
})

test('KEDA scales the same Deployment as the autoscaler, within the same bounds, at the same pace', () => {
  const [scaled] = documents<Manifest>(join(KUBERNETES, 'components/keda/scaled-object.yaml'))
  assert.equal(schemaError(scaled), '')
  assert.deepEqual(typeErrors([scaled]), [])
  const { spec } = of('HorizontalPodAutoscaler')
  assert.deepEqual(scaled.spec.scaleTargetRef, { name: spec.scaleTargetRef.name })
  assert.deepEqual([scaled.spec.minReplicaCount, scaled.spec.maxReplicaCount], [spec.minReplicas, spec.maxReplicas])
  assert.deepEqual(scaled.spec.advanced.horizontalPodAutoscalerConfig.behavior, spec.behavior)
  const [{ metricType, metadata: { threshold } }] = scaled.spec.triggers
  const { type, averageValue } = spec.metrics[0].pods.target
  assert.deepEqual([metricType, `${Number(threshold) * 1000}m`], [type, averageValue])
})

test('the canary has Lokean\'s own settings and secrets, is shut off as it is, and is no instance of it', () => {
  const [deployment] = documents<Manifest>(join(KUBERNETES, 'components/canary/deployment.yaml'))
  const [monitor] = documents<Manifest>(join(KUBERNETES, 'components/canary/pod-monitor.yaml'))
  for (const one of [deployment, monitor]) assert.equal(schemaError(one), '', one.kind)
  assert.deepEqual(typeErrors([deployment, monitor]), [])
  const { metadata: { labels }, spec } = deployment.spec.template
  const [own] = pod.spec.containers
  const [canary] = spec.containers
  assert.deepEqual([canary.args, canary.image, canary.envFrom], [['canary'], own.image, own.envFrom])
  assert.deepEqual([canary.securityContext, canary.volumeMounts], [own.securityContext, own.volumeMounts])
  assert.deepEqual([spec.securityContext, spec.volumes], [pod.spec.securityContext, pod.spec.volumes])
  assert.deepEqual([deployment.spec.selector.matchLabels, monitor.spec.selector.matchLabels], [labels, labels])
  assert.notDeepEqual(labels, pod.metadata.labels)
  assert.equal(monitor.spec.podMetricsEndpoints[0].port, canary.ports[0].name)
})

for (const folder of [BASE, ...OVERLAYS]) {
  test(`the NetworkPolicy of ${folder} lets out to where the settings point`, () => {
    const policy = patches(folder).find(({ kind }) => kind === 'NetworkPolicy') ?? of('NetworkPolicy')
    const open = (policy.spec.egress as Array<{ to?: any[], ports: Array<{ protocol: string, port: number }> }>).flatMap(({ to, ports }) =>
      ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => `${to?.[0].namespaceSelector.matchLabels?.['kubernetes.io/metadata.name'] ?? '*'} ${port}`))
    const { LOKEAN_AMQP_URL: bus, LOKEAN_LOKI_URL: loki } = settings(folder)
    for (const url of [...bus?.split(',') ?? [], ...loki.split(',')].map(text => new URL(text))) {
      const [, namespace] = url.hostname.split('.')
      assert.ok(open.includes(`${namespace} ${url.port}`) || open.includes(`* ${url.port}`), `${url.href} of ${open.join(', ')}`)
    }
  })
}

for (const name of ['listen', 'rhoso']) {
  test(`hosts reach the listeners of ${name}: by its Service, through its NetworkPolicy, at the ports of its settings`, () => {
    const folder = join(KUBERNETES, 'overlays', name)
    const listens = settings(folder).LOKEAN_LISTEN.split(',').map(text => Number(new URL(text.split(';')[0]).port))
    const [{ spec: { template } }] = patches(folder).filter(({ kind }) => kind === 'Deployment')
    const named = new Map<string, number>(template.spec.containers[0].ports.map((port: any) => [port.name, port.containerPort]))
    assert.deepEqual([...named.values()], listens)
    const [service] = documents<Manifest>(join(folder, kustomization(folder).resources.find(file => file.startsWith('service-')) ?? ''))
    assert.deepEqual(service.spec.selector, pod.metadata.labels)
    assert.deepEqual(service.spec.ports.map((port: any) => [named.get(port.targetPort), port.port]), listens.map(port => [port, port]))
    const [{ spec: { ingress } }] = patches(folder).filter(({ kind }) => kind === 'NetworkPolicy')
    assert.deepEqual(ingress.at(-1).ports.map(({ port }: any) => named.get(port)), listens)
  })
}

test('the telemetry operator is pointed at Lokean: its namespace, its port, and the labels that its Service selects', () => {
  const folder = join(KUBERNETES, 'overlays', 'rhoso')
  const [{ spec: { telemetry: { template: { logging } } } }] = documents<any>('deploy/rhoso/logging.yaml')
  assert.equal(logging.cloNamespace, of('Namespace').metadata.name)
  assert.ok(settings(folder).LOKEAN_LISTEN.startsWith(`syslog+tls://0.0.0.0:${logging.targetPort};`))
  assert.equal(logging.port, logging.targetPort)
  const [{ labels: [{ pairs, includeSelectors }] }] = documents<any>(join(folder, 'kustomization.yaml'))
  assert.deepEqual([pairs, includeSelectors], [{
    'app.kubernetes.io/name': 'vector', 'app.kubernetes.io/component': 'collector', 'app.kubernetes.io/part-of': 'cluster-logging'
  }, true])
  const [monitor] = documents<Manifest>(join(folder, 'service-monitor.patch.yaml'))
  for (const [name, value] of Object.entries(monitor.spec.selector.matchLabels)) assert.equal(pairs[name], value)
})
