import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { KUBERNETES, type Manifest } from '../helpers/manifests.ts'
import { folder } from './peer-process.ts'

/** Base and overlays, each a folder of KUBERNETES. */
export const FOLDERS = ['base', ...readdirSync(join(KUBERNETES, 'overlays')).map(name => join('overlays', name))]

interface Kustomization {
  resources: string[]
  components?: string[]
  patches?: Array<{ path: string }>
  labels?: Array<{ pairs: Record<string, string> }>
  images?: unknown[]
}

/** Builds a folder of KUBERNETES. `overlay`: the folder is not there, and this is its kustomization. */
export function built (t: TestContext, name: string, overlay?: Kustomization): Manifest[] {
  const home = folder(t)
  cpSync(KUBERNETES, home, { recursive: true })
  if (overlay !== undefined) {
    mkdirSync(join(home, name))
    const head = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', namespace: 'lokean' }
    writeFileSync(join(home, name, 'kustomization.yaml'), stringify({ ...head, ...overlay }))
  }
  const { stdout: version } = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' })
  if (/Minor:"(1\d|20)/.test(version)) for (const one of new Set([...FOLDERS, name])) adaptToOldKubectl(join(home, one))
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', join(home, name)], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  // The old one leaves an empty object where it deletes one.
  return parseAllDocuments(stdout).map(document => document.toJS() as Manifest).filter(({ kind }) => kind !== undefined)
}

/**
 * Debian's kubectl of 2020 knows patches and base folders only by older names, of which today's kubectl warns, and no
 * components. Everything else stays as it is.
 */
function adaptToOldKubectl (home: string): void {
  const read = (of: string): Kustomization => parse(readFileSync(join(of, 'kustomization.yaml'), 'utf8')) as Kustomization
  const { resources, components = [], patches = [], labels = [], images = [], ...rest } = read(home)
  for (const component of components.map(path => join(home, path))) {
    const more = read(component)
    const files = [...more.resources, ...(more.patches ?? []).map(({ path }) => path)]
    for (const file of files) copyFileSync(join(component, file), join(home, file))
    resources.push(...more.resources)
    patches.push(...more.patches ?? [])
    images.push(...more.images ?? [])
    // Only what it knows can be deleted, and of autoscalers it knows an older version.
    for (const file of [join(home, '../../base/horizontal-pod-autoscaler.yaml'), ...files.map(file => join(home, file))]) {
      writeFileSync(file, readFileSync(file, 'utf8').replace('apiVersion: autoscaling/v2\n', 'apiVersion: autoscaling/v2beta2\n'))
    }
  }
  writeFileSync(join(home, 'kustomization.yaml'), stringify({
    ...rest,
    ...(labels.length === 0 ? {} : { commonLabels: labels[0].pairs }),
    ...(images.length === 0 ? {} : { images }),
    resources: resources.filter(resource => resource.endsWith('.yaml')),
    bases: resources.filter(resource => !resource.endsWith('.yaml')),
    patchesStrategicMerge: patches.map(({ path }) => path)
  }))
}
