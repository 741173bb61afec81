import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type TypeScript from 'typescript'
import { parseAllDocuments } from 'yaml'

export const KUBERNETES = 'deploy/kubernetes'

/** What is large, and CommonJS: an import would look through it for names first. */
const require = createRequire(import.meta.url)
/** What the compiler has read, for the next program. */
const sources = new Map<string, TypeScript.SourceFile | undefined>()

/** An object of Kubernetes, as it stands in its file. */
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string, namespace?: string, labels?: Record<string, string>, annotations?: Record<string, string> }
  // What is in it is for the schema to say.
  [field: string]: any
}

interface Kustomization {
  resources: string[]
  patches?: Array<{ path: string }>
  configMapGenerator: Array<{ name: string, behavior?: 'merge', literals: string[] }>
  images?: Array<{ name: string, newName: string, newTag: string }>
}

/** Every document of a YAML file; what is wrong with it fails the test, by its name. */
export function documents<T> (path: string): T[] {
  return parseAllDocuments(readFileSync(path, 'utf8'), { merge: false }).map(document => {
    assert.deepEqual([...document.errors, ...document.warnings], [], path)
    return document.toJS() as T
  })
}

export function kustomization (folder: string): Kustomization {
  return documents<Kustomization>(join(folder, 'kustomization.yaml'))[0]
}

/** The objects that a kustomization names, those of the folders it builds on first. */
export function resources (folder: string): Manifest[] {
  return kustomization(folder).resources.flatMap(name => name.endsWith('.yaml') ? documents<Manifest>(join(folder, name)) : resources(join(folder, name)))
}

/** What the generated ConfigMap comes to: later layers win. */
export function settings (folder: string): Record<string, string> {
  const { resources: names, configMapGenerator } = kustomization(folder)
  const below = names.filter(name => !name.endsWith('.yaml')).map(name => settings(join(folder, name)))
  const own = configMapGenerator.flatMap(({ literals }) => literals.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  return Object.assign({}, ...below, Object.fromEntries(own))
}

/** Where the types and the schema of an object are. The operator's have a package of their own. */
function moduleOf ({ apiVersion }: Manifest): string {
  return apiVersion.startsWith('monitoring.coreos.com/') ? `@kubernetes-models/prometheus-operator/${apiVersion}` : `kubernetes-models/${apiVersion}`
}

/** What the API's schema says against an object; '' where nothing. Throws where there is no such kind. */
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
 * What the compiler says against the objects as literals of their types. The schemas let fields pass that they do not know, of which a misspelt one is the worst: it is
 * ignored in the cluster too. The types do not. With `partial`, nothing need be there: for patches.
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
  const options: TypeScript.CompilerOptions = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext }
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
