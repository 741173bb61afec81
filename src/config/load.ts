import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseEnv } from 'node:util'
import { Credentials } from '../credentials/credentials.ts'
import { ConfigError } from '../errors.ts'
import { arrange, deepFreeze } from './config.ts'
import type { Config } from './config.ts'
import { CROSS_CHECKS } from './cross-checks.ts'
import { proxyWarnings } from './http-checks.ts'
import { OPTION_NAMES, optionOf } from './options.ts'
import type { OptionName, Values } from './options.ts'
import { type Environment, parse, type ReadFile, reasonOf, type SettingText, textOf } from './setting-text.ts'
import { InvalidValue } from './text.ts'
import { unknownNames } from './unknown.ts'
import { warningsOf } from './warnings.ts'

export interface Loaded {
  config: Config
  /** Lines for the log. Each names a setting. */
  warnings: string[]
  /** The settings that the environment has, so that their default does not count. */
  given: ReadonlySet<OptionName>
  /** Owns what of the settings comes from files. */
  credentials: Credentials<Values>
}

const readUtf8: ReadFile = (path) => readFileSync(path, 'utf8')

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
  const files = new Map<OptionName, { path: string, text: string }>()

  for (const name of OPTION_NAMES) {
    try {
      let whole = ''
      const source = textOf(name, env, path => (whole = readFile(path)))
      if (source !== undefined) given.add(name)
      if (source?.path !== undefined) files.set(name, { path: source.path, text: whole })
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

  const credentials = new Credentials({
    values: values as Values,
    files,
    parse: (name, read) => parse(textOf(name, env, read), optionOf(name)),
    agreements: CROSS_CHECKS
  })
  const config = deepFreeze(arrange(values as Values, credentials))
  const warnings = [...unknownNames(env), ...proxyWarnings(env, values as Values), ...warningsOf(values as Values)]
  return { config, warnings, given, credentials }
}

/** Adds the settings of a file to `env`. Where both have a name, the environment wins, as with `node --env-file`. */
export function withEnvFile (env: Environment, path: string, readFile: ReadFile = readUtf8): Environment {
  try {
    return { ...parseEnv(readFile(path)), ...env }
  } catch (error) {
    throw new ConfigError(`--env-file ${JSON.stringify(path)} cannot be read (${reasonOf(error)})`, error)
  }
}

/** Throws ConfigError. */
export function logLevelOf (env: Environment, readFile: ReadFile = readUtf8): Config['logLevel'] {
  const name = 'LOKEAN_LOG_LEVEL'
  try {
    return parse(textOf(name, env, readFile) ?? defaultOf(name, 1, env), optionOf(name)) as Config['logLevel']
  } catch (error) {
    throw error instanceof InvalidValue ? new ConfigError(error.message) : error
  }
}

function defaultOf (name: OptionName, cores: number, env: Environment): SettingText | undefined {
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
