import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseEnv } from 'node:util'
import { ConfigError } from '../errors.ts'
import { arrange, deepFreeze } from './config.ts'
import type { Config } from './config.ts'
import { CROSS_CHECKS, warningsOf } from './cross-checks.ts'
import { proxyWarnings } from './http-checks.ts'
import type { Option } from './option.ts'
import { OPTION_NAMES, optionOf } from './options.ts'
import type { OptionName, Values } from './options.ts'
import { InvalidValue } from './text.ts'
import { unknownNames } from './unknown.ts'

export type Environment = Readonly<Record<string, string | undefined>>
export type ReadFile = (path: string) => string

export interface Loaded {
  config: Config
  /** Lines for the log. Each names a setting. */
  warnings: string[]
  /** The settings that the environment has, so that their default does not count. */
  given: ReadonlySet<OptionName>
}

/** The text of a setting, and how an error describes where it came from. */
interface Source { text: string, described: string }

const readUtf8: ReadFile = (path) => readFileSync(path, 'utf8')
const SHOWN_LENGTH = 200

/**
 * Loads the settings from the environment. An empty value counts as unset. One `ConfigError` has a line for each
 * mistake, in the order of OPTIONS. No line has a secret.
 */
export function loadConfig (env: Environment, options: { cores?: number, readFile?: ReadFile } = {}): Loaded {
  const { cores = availableParallelism(), readFile = readUtf8 } = options
  const values: Partial<Record<OptionName, unknown>> = {}
  const problems: string[] = []
  const wrong = new Set<OptionName>()
  const given = new Set<OptionName>()

  for (const name of OPTION_NAMES) {
    try {
      const source = sourceOf(name, env, readFile)
      if (source !== undefined) given.add(name)
      values[name] = parse(source ?? defaultOf(name, cores, env), optionOf(name))
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      problems.push(error.message)
      wrong.add(name)
    }
  }
  for (const { reads, problem } of CROSS_CHECKS) {
    const found = reads.some((name) => wrong.has(name)) ? undefined : problem(values as Values)
    if (found !== undefined) problems.push(found)
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))

  const config = deepFreeze(arrange(values as Values))
  const warnings = [...unknownNames(env), ...proxyWarnings(env, values as Values), ...warningsOf(values as Values)]
  return { config, warnings, given }
}

/** Adds the settings of a file to `env`. Where both have a name, the environment wins, as with `node --env-file`. */
export function withEnvFile (env: Environment, path: string, readFile: ReadFile = readUtf8): Environment {
  try {
    return { ...parseEnv(readFile(path)), ...env }
  } catch (error) {
    throw new ConfigError(`--env-file ${JSON.stringify(path)} cannot be read (${reasonOf(error)})`, error)
  }
}

function parse (source: Source | undefined, option: Option): unknown {
  if (source === undefined) return undefined
  const result = option.schema.safeParse(source.text)
  if (result.success) return result.data
  throw new InvalidValue(`${source.described}: ${result.error.issues[0]?.message ?? 'is not allowed'}`)
}

function defaultOf (name: OptionName, cores: number, env: Environment): Source | undefined {
  let text = optionOf(name).default
  // One core is left to the main thread, which owns the sockets.
  if (name === 'LOKEAN_WORKERS') text = String(Math.min(256, Math.max(1, cores - 1)))
  if (name === 'LOKEAN_AMQP_ADDRESSES' && listensAlone(env)) text = 'off'
  return text === undefined ? undefined : { text, described: `${name} (default)` }
}

/** Whether the environment names listeners, and says nothing of a bus. */
function listensAlone (env: Environment): boolean {
  const isSet = (name: string): boolean => (env[name]?.trim() ?? '') !== ''
  const ofBus = OPTION_NAMES.filter(name => name.startsWith('LOKEAN_AMQP_'))
  return isSet('LOKEAN_LISTEN') && !ofBus.some(name => isSet(name) || isSet(`${name}_FILE`))
}

function sourceOf (name: OptionName, env: Environment, readFile: ReadFile): Source | undefined {
  const option = optionOf(name)
  const value = option.secret && !option.pem ? env[name] : env[name]?.trim()
  const file = option.secret ? env[`${name}_FILE`]?.trim() : undefined
  if (value && file) throw new InvalidValue(`${name} and ${name}_FILE are both set: set one of them`)
  if (file) {
    const described = `${name}_FILE is ${shown(file)}`
    const text = contentOf(file, described, readFile).replace(/[\r\n]+$/, '')
    if (text === '') throw new InvalidValue(`${described}: must not be an empty file`)
    return { text, described }
  }
  if (!value) return undefined
  if (!option.pem) return { text: value, described: `${name} is ${display(value, option)}` }
  if (value.includes('-----BEGIN')) return { text: value, described: `${name} is (hidden)` }
  const described = `${name} is ${shown(value)}`
  return { text: contentOf(value, described, readFile), described }
}

function contentOf (path: string, described: string, readFile: ReadFile): string {
  try {
    return readFile(path)
  } catch (error) {
    throw new InvalidValue(`${described}: cannot be read (${reasonOf(error)})`)
  }
}

/** Node's message without the path, which the line has already. */
function reasonOf (error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+(?: '.*')?$/s, '') : String(error)
}

function display (value: string, option: Option): string {
  if (option.secret) return '(hidden)'
  // Hides all up to the last @. A URL that does not parse may have a password too.
  return shown(option.url ? value.replace(/^.*@/s, '(hidden)@') : value)
}

/** Quotes a value and escapes its control characters, so that it cannot forge a line of the log. */
function shown (value: string): string {
  return JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}...` : value)
}
