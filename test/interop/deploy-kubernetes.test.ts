import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { KUBERNETES, type Manifest, schemaError, settings, typeErrors } from '../helpers/manifests.ts'
import { needs } from './needs.ts'
import { folder } from './peer-process.ts'

const FOLDERS = ['base', ...readdirSync(join(KUBERNETES, 'overlays')).map(name => join('overlays', name))]

/**
 * Debian's kubectl of 2020 knows patches and base folders only by older names, of which today's kubectl warns.
 * Everything else stays as it is.
 */
function forOldKubectl (t: TestContext): string {
  const home = folder(t)
  cpSync(KUBERNETES, home, { recursive: true })
  for (const name of FOLDERS) {
    const file = join(home, name, 'kustomization.yaml')
    const {
      resources, patches = [], labels = [], ...rest
    } = parse(readFileSync(file, 'utf8')) as {
      resources: string[], patches?: Array<{ path: string }>, labels?: Array<{ pairs: Record<string, string> }>
    }
    writeFileSync(file, stringify({
      ...rest,
      ...(labels.length === 0 ? {} : { commonLabels: labels[0].pairs }),
      resources: resources.filter(resource => resource.endsWith('.yaml')),
      bases: resources.filter(resource => !resource.endsWith('.yaml')),
      patchesStrategicMerge: patches.map(({ path }) => path)
    }))
  }
  return home
}

function built (t: TestContext, name: string): Manifest[] {
  const { stdout: version } = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' })
  const home = /Minor:"(1\d|20)/.test(version) ? forOldKubectl(t) : KUBERNETES
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', join(home, name)], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  return parseAllDocuments(stdout).map(document => document.toJS() as Manifest)
}

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
    assert.match(container.image, /^registry\.example\.org\/lokean:\d/)
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
