import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { needs } from './needs.ts'
import { folder } from './peer-process.ts'

const run = promisify(execFile)

/** Calls npm as a user would, not as a script of npm's, but with the same registry and on the Node of this process. */
const ENV = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(registry|userconfig|cafile|cache)$)/.test(name))),
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter)
}

/** Folders that a clone of the repository lacks. */
const NOT_CLONED = ['.git', 'node_modules', 'dist', 'build', 'coverage']

interface Packed { tarball: string, root: string, files: string[], clone: string }

/** Runs `npm pack` in a copy of a clone that has the packages of a build. Returns the unpacked result. */
async function pack (t: TestContext): Promise<Packed> {
  const clone = folder(t)
  cpSync('.', clone, { recursive: true, filter: path => !NOT_CLONED.includes(path) && !path.endsWith('.tgz') })
  symlinkSync(resolve('node_modules'), join(clone, 'node_modules'))
  // A file of an earlier build.
  mkdirSync(join(clone, 'dist'))
  writeFileSync(join(clone, 'dist/stale.js'), '')
  const to = folder(t)
  await run('npm', ['pack', '--pack-destination', to], { cwd: clone, env: ENV })
  const [name, ...more] = readdirSync(to)
  assert.deepEqual(more, [])
  const tarball = join(to, name)
  await run('tar', ['-xzf', tarball, '-C', to])
  const root = join(to, 'package')
  return { tarball, root, files: filesOf(root), clone }
}

function filesOf (root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(path => statSync(join(root, path)).isFile()).sort()
}

/** Returns the only files that a package may hold: the built sources, and npm's own. */
function promised (): string[] {
  const compiled = filesOf('src').filter(path => path.endsWith('.ts') && !path.startsWith('worker/kernel/assembly/'))
    .map(path => path.replace(/\.ts$/, '.js'))
  const page = filesOf('src/ops/page/files').map(path => join('ops/page/files', path))
  const made = ['worker/kernel/kernel.wasm', 'worker/formats/automata.bin']
  const built = [...compiled, ...page, ...made].map(path => join('dist', path))
  return ['LICENSE', 'README.md', 'deploy/schema/settings.schema.json', 'package.json', ...built].sort()
}

/** Returns the packages that the files import, by their installed names. */
function imported (sources: string[]): Set<string> {
  const found = sources.flatMap(source => [
    ...source.matchAll(/(?:^\s*(?:import|export)\s(?:[^'"]*?\sfrom\s+)?|\b(?:import|require|resolve)\()['"]([^'"]+)['"]/gm)
  ].map(([, name]) => name))
  return new Set(found.filter(name => !/^(\.|node:)/.test(name)).map(name => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] as string))
}

/** Returns the peer dependencies of an installed package. */
function peersOf (name: string): Record<string, string> {
  const path = join('node_modules', name, 'package.json')
  if (!existsSync(path)) return {}
  return (JSON.parse(readFileSync(path, 'utf8')) as { peerDependencies?: Record<string, string> }).peerDependencies ?? {}
}

/** Makes a cache that is removed later. It starts with the user's packages, so that they need not be fetched again. */
async function cache (t: TestContext): Promise<string> {
  const path = folder(t)
  const { stdout } = await run('npm', ['config', 'get', 'cache'], { env: ENV })
  const packages = join(stdout.trim(), '_cacache')
  if (existsSync(packages)) symlinkSync(packages, join(path, '_cacache'))
  return path
}

const REGISTRY = {
  what: 'npm\'s registry, or a cache of it', probe: ['npm', 'view', '--prefer-offline', '--fetch-retries=0', 'rhea', 'version'] as const
}

test('the package', { timeout: 230_000 }, async t => {
  const { tarball, root, files, clone } = await pack(t)
  const sources = files.filter(path => path.endsWith('.js')).map(path => readFileSync(join(root, path), 'utf8'))
  const {
    dependencies, optionalDependencies = {}
  } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, Record<string, string>>

  await t.test('packed on a bare clone it holds the program, whole and of now, and nothing else', () => {
    assert.deepEqual(files, promised())
    assert.ok(statSync(tarball).size < 500_000, `${statSync(tarball).size} bytes`)
  })

  await t.test('the command can be executed', () => {
    assert.equal(statSync(join(root, 'dist/main.js')).mode & 0o111, 0o111)
    assert.match(readFileSync(join(root, 'dist/main.js'), 'utf8'), /^#!\/usr\/bin\/env node\n/)
  })

  await t.test('it says nothing of the machine that built it', () => {
    for (const path of files) {
      const content = readFileSync(join(root, path))
      for (const place of [clone, process.cwd(), `${homedir()}/`]) assert.ok(!content.includes(place), `${path} names ${place}`)
      assert.ok(!content.includes('sourceMappingURL'), path)
    }
  })

  await t.test('it imports what it depends on, and depends on nothing else', () => {
    const names = imported(sources)
    assert.deepEqual([...names].filter(name => !(name in dependencies) && !(name in optionalDependencies)), [])
    // What a dependency wants beside it is a dependency too.
    const peers = [...names].flatMap(name => Object.keys(peersOf(name)))
    assert.deepEqual(Object.keys(dependencies).filter(name => !names.has(name) && !peers.includes(name)), [])
  })

  await t.test('npm has nothing to mend in package.json', async () => {
    await run('npm', ['pkg', 'fix'], { cwd: clone, env: ENV })
    assert.deepEqual(readFileSync(join(clone, 'package.json')), readFileSync('package.json'))
  })

  await t.test('npm ci does not build: the image has no sources yet when it installs', async t => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { prepare: string } }
    await run('sh', ['-c', scripts.prepare], { cwd: folder(t), env: { ...ENV, npm_command: 'ci' } })
    await assert.rejects(run('sh', ['-c', scripts.prepare], { cwd: folder(t), env: { ...ENV, npm_command: 'pack' } }), 'else it does')
  })

  await t.test('npx of it in an empty folder runs the demo', needs(REGISTRY), async t => {
    const cwd = folder(t)
    const npx = [
      '--yes', '--prefer-offline', '--cache', await cache(t), '--package', tarball, '--', 'lokean', 'demo', '--records', '20000', '--json'
    ]
    const { stdout } = await run('npx', npx, { cwd, env: ENV, timeout: 180_000 })
    const { sent, stored, missing, duplicates, query } = JSON.parse(stdout.trimEnd().split('\n').at(-1) as string) as {
      sent: number, stored: number, missing: number, duplicates: number, query: { lines: string[] }
    }
    assert.deepEqual({ sent, stored, missing, duplicates }, { sent: 20000, stored: 20000, missing: 0, duplicates: 0 })
    assert.ok(query.lines.length > 0)
    assert.deepEqual(readdirSync(cwd), [])
  })
})
