import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { KUBERNETES, type Manifest, schemaError, settings, typeErrors } from '../helpers/manifests.ts'
import { built, FOLDERS } from './kubectl.ts'
import { needs } from './needs.ts'

for (const name of FOLDERS) {
  test(`kubectl builds ${name}, and the API takes each object of it`, needs('kubectl'), async t => {
    const objects = built(t, name)
    for (const one of objects) assert.equal(schemaError(one), '', one.kind)
    assert.deepEqual(typeErrors(objects), [])
    const of = (
      kind: string, start = 'lokean'
    ): Manifest => objects.find(one => one.kind === kind && one.metadata.name.startsWith(start)) ?? assert.fail(kind)

    for (const { kind, metadata } of objects) {
      assert.equal(metadata.namespace, /^(Namespace|ClusterRole|ClusterRoleBinding)$/.test(kind) ? undefined : 'lokean', kind)
    }
    const map = of('ConfigMap', 'lokean-settings-')
    assert.deepEqual(map.data, settings(join(KUBERNETES, name)))
    const { containers: [container], volumes } = of('Deployment').spec.template.spec
    assert.deepEqual(container.envFrom, [{ configMapRef: { name: map.metadata.name } }])
    assert.match(container.image, /^ghcr\.io\/owner\/lokean:\d/)
    // The patch is merged with the base, and does not replace it.
    assert.equal(container.livenessProbe.httpGet.path, '/healthz')
    assert.deepEqual(
      container.volumeMounts.map((mount: { name: string }) => mount.name).sort(),
      volumes.map((volume: { name: string }) => volume.name).sort()
    )
    assert.ok(volumes.some((volume: { name: string }) => volume.name === 'credentials'))
    assert.equal(container.resources.requests.memory, container.resources.limits.memory)
  })
}

for (const name of ['openshift', 'three-clouds']) {
  test(`kubectl puts KEDA in the place of the autoscaler of ${name}`, needs('kubectl'), t => {
    const objects = built(t, 'overlays/with-keda', { resources: [`../${name}`], components: ['../../components/keda'] })
    for (const one of objects) assert.equal(schemaError(one), '', one.kind)
    assert.deepEqual(typeErrors(objects), [])
    const kinds = objects.map(({ kind }) => kind)
    assert.deepEqual(kinds.filter(kind => /Autoscaler|ScaledObject/.test(kind)), ['ScaledObject'])
    const own = built(t, `overlays/${name}`).map(({ kind }) => kind)
    assert.deepEqual(kinds.sort(), own.map(kind => kind === 'HorizontalPodAutoscaler' ? 'ScaledObject' : kind).sort())
  })
}

test('kubectl puts a canary beside Lokean, with the settings of the overlay', needs('kubectl'), t => {
  const objects = built(t, 'overlays/with-canary', { resources: ['../three-clouds'], components: ['../../components/canary'] })
  for (const one of objects) assert.equal(schemaError(one), '', one.kind)
  assert.deepEqual(typeErrors(objects), [])
  const [own, canary] = ['lokean', 'lokean-canary'].map(wanted =>
    objects.find(({ kind, metadata: { name } }) => kind === 'Deployment' && name === wanted) as Manifest)
  const settings = ({ spec }: Manifest): unknown => spec.template.spec.containers[0].envFrom
  assert.deepEqual(settings(canary), settings(own))
  assert.equal(canary.metadata.namespace, own.metadata.namespace)
  assert.equal(canary.spec.template.spec.containers[0].image, own.spec.template.spec.containers[0].image)
})
