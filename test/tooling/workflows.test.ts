import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { documents } from '../helpers/manifests.ts'
import { workflowErrors } from '../helpers/workflow-errors.ts'

interface Step { uses?: string, run?: string, with?: Record<string, unknown>, env?: Record<string, string> }

interface Job {
  needs?: string | string[]
  uses?: string
  permissions: Record<string, string>
  'timeout-minutes'?: number
  'runs-on'?: string
  strategy?: { matrix: { node?: string[], include?: Array<{ arch: string, machine: string }> } }
  steps?: Step[]
}

interface Workflow { on: object, permissions: object, concurrency: { group: string }, jobs: Record<string, Job> }

const FOLDER = '.github/workflows'
const texts = new Map(readdirSync(FOLDER).map(name => [name, readFileSync(join(FOLDER, name), 'utf8')]))
const workflows = new Map([...texts.keys()].map(name => [name, documents<Workflow>(join(FOLDER, name))[0]]))
const jobs = [...workflows].flatMap(([file, workflow]) => Object.entries(workflow.jobs)
  .map(([name, job]) => ({ name: `${file}: ${name}`, job })))
const steps = jobs.flatMap(({ job }) => job.steps ?? [])
const scripts = steps.flatMap(({ run }) => run ?? [])
const release = (workflows.get('release.yml') as Workflow).jobs

test('GitHub\'s own parser takes the workflows', () => {
  assert.deepEqual([...texts.keys()].sort(), ['ci.yml', 'release.yml'])
  for (const [name, text] of texts) assert.deepEqual(workflowErrors(name, text), [], name)
  const ci = texts.get('ci.yml') as string
  for (const [right, wrong] of [
    ['timeout-minutes', 'timeout-minuets'], ['contents: read', 'contents: reed'], ['matrix.node', 'matrx.node'],
    ['runs-on: ubuntu-24.04\n', '\n']
  ]) {
    assert.ok(workflowErrors('ci.yml', ci.replace(right, wrong)).length > 0, `it would say so of ${wrong}`)
  }
})

test('other people\'s actions are pinned by commit, each to one, with the version beside it', () => {
  const used = [...texts.values()].flatMap(text => text.split('\n')).filter(line => /\buses:/.test(line))
    .map(line => line.trim().replace(/^- /, ''))
  assert.ok(used.length > 0)
  const pins = new Map<string, string>()
  for (const line of used) {
    const [, file] = /^uses: \.\/(\S+)$/.exec(line) ?? []
    if (file !== undefined) {
      assert.ok(existsSync(file), file)
      continue
    }
    const [, action, pin] = /^uses: ([\w-]+\/[\w-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$/.exec(line) ?? []
    assert.ok(action !== undefined, line)
    assert.equal(pins.get(action) ?? pin, pin, action)
    pins.set(action, pin)
  }
})

test('a job may do only what it is for, and has an end', () => {
  for (const [file, { permissions, concurrency }] of workflows) {
    assert.deepEqual(permissions, {}, file)
    assert.ok(concurrency.group.length > 0, file)
  }
  const writes = jobs.map(({ name, job }) => [
    name, Object.keys(job.permissions).filter(scope => job.permissions[scope] !== 'read')
  ] as const).filter(([, scopes]) => scopes.length > 0)
  assert.deepEqual(Object.fromEntries(writes), {
    'release.yml: npm': ['id-token'],
    'release.yml: build': ['packages'],
    'release.yml: image': ['packages', 'id-token', 'attestations'],
    'release.yml: release': ['contents']
  })
  for (const { name, job } of jobs) assert.ok(job.uses !== undefined || (job['timeout-minutes'] ?? Infinity) <= 90, name)
  for (const { uses, with: inputs } of steps) {
    if (uses?.startsWith('actions/checkout@')) assert.equal(inputs?.['persist-credentials'], false)
  }
})

test('a called workflow does not wait for its caller', () => {
  const groups = [...workflows.values()].map(({ concurrency }) => concurrency.group)
  assert.equal(new Set(groups).size, groups.length)
  for (const group of groups) assert.doesNotMatch(group, /github\.workflow/)
})

test('what the steps run is there, is shell, and takes no text of an event into the script', () => {
  const called = scripts.flatMap(script => script.match(/(?<![\w/])\.ci\/[\w-]+/g) ?? [])
  assert.deepEqual([...new Set(called)].sort(), ['.ci/absolute-links', '.ci/release-notes', '.ci/run'])
  for (const path of called) accessSync(path, constants.X_OK)
  for (const script of scripts) {
    assert.doesNotMatch(script, /\$\{\{/)
    assert.equal(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' }).stderr, '')
  }
})

test('the Nodes are those of .ci/run, the image and the package', () => {
  const [, floor, lts] = /^FLOOR=(\S+)\nLTS=(\S+)$/m.exec(readFileSync('.ci/run', 'utf8')) ?? []
  assert.deepEqual(workflows.get('ci.yml')?.jobs.run.strategy?.matrix.node, [floor, lts])
  assert.equal(release.npm.steps?.find(({ uses }) => uses?.startsWith('actions/setup-node@'))?.with?.['node-version'], lts)
  assert.ok(readFileSync('Dockerfile', 'utf8').includes(`ARG NODE_VERSION=${lts}\n`))
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } }
  assert.equal(engines.node, `>=${floor}`)
})

test('a release: the tag checked, then all of CI, then the package and the image with their proofs, then the notes', () => {
  const order = Object.entries(release).map(([name, { needs = [] }]) => [name, [needs].flat()])
  assert.deepEqual(Object.fromEntries(order), {
    version: [], ci: ['version'], npm: ['ci'], build: ['ci'], image: ['build'], release: ['npm', 'image']
  })
  assert.equal(release.ci.uses, './.github/workflows/ci.yml')
  assert.ok('workflow_call' in (workflows.get('ci.yml') as Workflow).on)
  const run = (job: Job): string => (job.steps ?? []).map(step => step.run ?? step.uses).join('\n')
  assert.match(run(release.version), /^\.ci\/release-notes "\$GITHUB_REF_NAME"$/m)
  assert.match(run(release.npm), /^npm pack\nnpm publish "lokean-\$\{GITHUB_REF_NAME#v\}\.tgz" --provenance --access public$/m)
  assert.match(run(release.build), /--provenance mode=max --sbom true/)
  assert.match(run(release.image), /\nactions\/attest@/)
  assert.match(run(release.release), /^\.ci\/release-notes .* > (.*)\n\.ci\/absolute-links \.github\/CHANGELOG\.md .* < \1 > (.*)\ngh release create .* --notes-file \2$/m)
})

test('what ships has a README whose links lead to the repository', () => {
  const [npm, build] = [release.npm, release.build].map(({ steps = [] }) => steps.map(({ run = '' }) => run).join('\n'))
  const made = '\\.ci\\/absolute-links README\\.md "\\$GITHUB_SERVER_URL\\/\\$GITHUB_REPOSITORY" "\\$GITHUB_REF_NAME" < README\\.md > (.*)\\ncp \\1 README\\.md\\n'
  assert.match(npm, new RegExp(`${made}[^]*npm pack`))
  assert.match(build, new RegExp(`${made}[^]*docker buildx build`))
})

test('the image of a release is built and run on a machine of each kind, and one name joins what was built', () => {
  const { include = [] } = release.build.strategy?.matrix ?? {}
  assert.deepEqual(include.map(({ arch }) => arch), ['amd64', 'arm64'])
  assert.equal(new Set(include.map(({ machine }) => machine)).size, include.length)
  assert.match(release.build['runs-on'] ?? '', /^\$\{\{ matrix\.machine \}\}$/)
  const script = (job: Job): string => (job.steps ?? []).map(step => step.run ?? '').join('\n')
  assert.match(script(release.build), /--platform "linux\/\$ARCH" [^]*--tag "\$image" \.\ndocker run [^]*"\$image" demo /)
  const [, joined] = /imagetools create (.*)/.exec(script(release.image)) ?? []
  assert.deepEqual(joined.match(/\$version-\w+/g), include.map(({ arch }) => `$version-${arch}`))
  // Whatever the CI of a change runs the image with, a release does too.
  const asInCluster = /docker run ([^]*?)(?:lokean|"\$image") demo/
  const flags = (text: string): string[] => asInCluster.exec(text)?.[1].split(/[\s\\]+/).filter(word => word !== '') ?? []
  assert.deepEqual(flags(script(release.build)), flags(script((workflows.get('ci.yml') as Workflow).jobs.image)))
})
