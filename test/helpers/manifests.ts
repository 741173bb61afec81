import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type TypeScript from 'typescript'
import { parseAllDocuments } from 'yaml'

export const KUBERNETES = 'deploy/kubernetes'

/** `require` loads large CommonJS modules; an import would first search them for names. */
const require = createRequire(import.meta.url)
/** Files that the compiler has parsed, for the next check. */
const sources = new Map<string, TypeScript.SourceFile | undefined>()

/** A Kubernetes object as written in its file. */
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string, namespace?: string, labels?: Record<string, string>, annotations?: Record<string, string> }
  // The schema checks the fields.
  [field: string]: any
}

interface Kustomization {
  resources: string[]
  patches?: Array<{ path: string }>
  configMapGenerator: Array<{ name: string, behavior?: 'merge' | 'replace', literals: string[] }>
  images?: Array<{ name: string, newName: string, newTag: string }>
}

/** Reads every document of a YAML file. An error fails the test and names the file. */
export function documents<T> (path: string): T[] {
  return parseAllDocuments(readFileSync(path, 'utf8'), { merge: false }).map(document => {
    assert.deepEqual([...document.errors, ...document.warnings], [], path)
    return document.toJS() as T
  })
}

export function kustomization (folder: string): Kustomization {
  return documents<Kustomization>(join(folder, 'kustomization.yaml'))[0]
}

/** Returns the objects of a kustomization. Those of its base folders come first. */
export function resources (folder: string): Manifest[] {
  return kustomization(folder).resources.flatMap(name => name.endsWith('.yaml')
    ? documents<Manifest>(join(folder, name))
    : resources(join(folder, name)))
}

/** Returns the settings in the generated ConfigMap. Later layers win. */
export function settings (folder: string): Record<string, string> {
  const { resources: names, configMapGenerator } = kustomization(folder)
  const replaced = configMapGenerator.some(({ behavior }) => behavior === 'replace')
  const below = replaced ? [] : names.filter(name => !name.endsWith('.yaml')).map(name => settings(join(folder, name)))
  const own = configMapGenerator.flatMap(({ literals }) => literals.map(line => [
    line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)
  ]))
  return Object.assign({}, ...below, Object.fromEntries(own))
}

/** The module with the types and the schema of an object. The operators' objects have packages of their own. */
function moduleOf ({ apiVersion }: Manifest): string {
  if (apiVersion.startsWith('monitoring.coreos.com/')) return `@kubernetes-models/prometheus-operator/${apiVersion}`
  return `${apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models'}/${apiVersion}`
}

/** Returns the API schema's error for an object, or ''. Throws for an unknown kind. */
export function schemaError (manifest: Manifest): string {
  const models = require(moduleOf(manifest)) as Record<string, undefined | (new (data: unknown) => { validate: () => void })>
  const Model = models[manifest.kind]
  assert.ok(Model !== undefined, `${manifest.apiVersion} has no ${manifest.kind}`)
  try {
    new Model(manifest).validate()
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

/**
 * Returns the compiler's errors for the objects as literals of their types. This finds misspelt fields, which the
 * schemas and the cluster ignore. With `partial`, every field may be missing, as in a patch.
 */
export function typeErrors (manifests: readonly Manifest[], { partial = false } = {}): string[] {
  const ts = require('typescript') as typeof TypeScript
  const lines = manifests.map((manifest, i) =>
    `import type { I${manifest.kind} as Kind${i} } from '${moduleOf(manifest)}'\nexport const object${i}: Part<Kind${i}> = ${JSON.stringify(manifest)}`)
  const source = [
    `type Part<T> = ${partial ? 'T extends object ? { [K in keyof T]?: Part<T[K]> } : T' : 'T'}`,
    ...lines
  ].join('\n')
  const name = join(dirname(KUBERNETES), 'objects.ts')
  const options: TypeScript.CompilerOptions = {
    strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = file => file === name || fileExists(file)
  host.getSourceFile = (file, version, ...more) => {
    if (file === name) return ts.createSourceFile(file, source, version)
    if (!sources.has(file)) sources.set(file, getSourceFile(file, version, ...more))
    return sources.get(file)
  }
  const program = ts.createProgram([name], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}
