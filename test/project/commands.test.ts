import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseCommand } from '../../src/cli/arguments.ts'
import { loadConfig } from '../../src/config/load.ts'
import { OPTION_NAMES } from '../../src/config/options.ts'
import { createCanaryMetrics } from '../../src/ops/canary-metrics.ts'
import { createMetrics } from '../../src/ops/metrics.ts'
import { pages } from './pages.ts'

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
const PAGES = pages().map(path => ({ path, text: readFileSync(path, 'utf8') }))

/** A line of a shell, and the section of a page in which it stands. */
interface ShellLine { path: string, section: string, line: string }

function shellLines (): ShellLine[] {
  return PAGES.flatMap(({ path, text }) => text.split(/^(?=## )/m).flatMap(section =>
    [...section.matchAll(/^```sh\n([^]*?)\n```$/gm)].flatMap(([, block]) => block.split('\n').map(line => ({ path, section, line })))))
}

/** Splits a line as a shell does, and leaves out what stands behind a `#`. */
function words (line: string): string[] {
  const quoted = line.replace(/'([^']*)'/g, (_, text: string) => text.replaceAll(' ', '\0').replaceAll('#', '\u0001'))
  return quoted.replace(/\s#.*/, '').trim().split(/\s+/).map(word => word.replaceAll('\0', ' ').replaceAll('\u0001', '#'))
}

/** The settings in front of a command, and the command. */
function parts (line: string): { env: Record<string, string>, command: string[] } {
  const all = words(line).filter(word => word !== 'export')
  const at = all.findIndex(word => !/^[A-Z_]+=/.test(word))
  const settings = at < 0 ? all : all.slice(0, at)
  return { env: Object.fromEntries(settings.map(word => word.split(/=(.*)/s, 2))), command: at < 0 ? [] : all.slice(at) }
}

/** Who tries a line. Returns undefined where nobody does. */
function triedBy ({ path, section, line }: ShellLine): string | undefined {
  const { env, command } = parts(line)
  const settings = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('LOKEAN_')))
  assert.deepEqual(loadConfig(settings).warnings.filter(warning => warning.includes('is not a setting')), [], line)
  if (section.startsWith('## One day as a newcomer')) return 'test/interop/newcomer.test.ts'
  if (/^(?:lokean|node (?:-- )?dist\/main\.js)\b/.test(command.join(' '))) {
    parseCommand(command.slice(command.findIndex(word => /^lokean$|main\.js$/.test(word)) + 1))
    return 'its flags: here; what they do: test/process'
  }
  if (command.length === 0) return 'its settings: here'
  if (command[0] === 'npm') return '.ci/run'
  if (path === 'deploy/grafana/README.md' && command[0] === 'logcli') return 'test/integration/logql-page.test.ts'
  return undefined
}

test('each line for a shell is tried, or its section says that it needs a cloud', () => {
  const lines = shellLines()
  assert.ok(lines.length > 30)
  const untried = lines.filter(one => !one.section.includes('need a cloud') && triedBy(one) === undefined)
  assert.deepEqual(untried.map(({ path, line }) => `${path}: ${line}`), [])
})

test('the scripts that pages name are there', () => {
  const named = PAGES.flatMap(({ path, text }) => [...text.matchAll(/npm (?:run (?:-s |--silent )?)?([a-z][a-z:-]*)/g)]
    .filter(([all, name]) => all.startsWith('npm run') || scripts[name] !== undefined).map(([, name]) => ({ path, name })))
  assert.ok(named.length > 30)
  assert.deepEqual(named.filter(({ name }) => scripts[name] === undefined), [])
})

test('the settings that pages name are there', () => {
  const known = new Set<string>(OPTION_NAMES)
  const named = PAGES.flatMap(({ path, text }) => [...text.matchAll(/\bLOKEAN_(?!TEST_)[A-Z_]*[A-Z]\b/g)].map(([name]) => ({ path, name })))
  const unknown = named.filter(({ name }) => !known.has(name) && !known.has(name.replace(/_FILE$/, '')) && name !== 'LOKEAN_AMQP')
  assert.deepEqual(unknown, [])
})

test('the metrics that pages name are there', () => {
  const { registry } = createMetrics({
    version: '', addresses: [], quarantineReasons: [], mendReasons: [], deadLetterReasons: [], processMetrics: false
  })
  const known = new Set([registry, createCanaryMetrics().registry].flatMap(one => one.getMetricsAsArray().map(({ name }) => name)))
  const named = PAGES.flatMap(({ path, text }) => [...text.matchAll(/\blokean_[a-z_]+\b(?!\.ini)/g)].map(([name]) => ({ path, name })))
  assert.deepEqual(named.filter(({ name }) => !known.has(name) && !known.has(name.replace(/_(?:bucket|count|sum)$/, ''))), [])
})

test('the files and folders that pages name are there', () => {
  const named = PAGES.flatMap(({ path, text }) => [...text.matchAll(/`((?:deploy|src|test|bench|\.ci|\.github)\/[\w./-]*\w)`/g)].map(([, name]) => ({ path, name })))
  assert.ok(named.length > 30)
  assert.deepEqual(named.filter(({ name }) => !existsSync(name)), [])
})
