import { parseArgs } from 'node:util'
import type { z } from 'zod'
import { nearest } from '../config/nearest.ts'
import { durationBetween, integerBetween } from '../config/units.ts'
import { UsageError } from '../errors.ts'

export const COMMANDS = ['run', 'demo', 'check', 'generate'] as const
export type CommandName = typeof COMMANDS[number]

/** What makes the load, for `demo` and `generate` alike. */
export interface LoadOptions {
  /** Undefined: until `forMs` is over. */
  records: number | undefined
  hosts: number
  /** Records per second; undefined: as fast as they are taken. */
  rate: number | undefined
  forMs: number | undefined
  seed: number
  recordsPerMessage: number
  json: boolean
}

interface Common { envFile: string | undefined }

export type Command =
  | { command: 'run' } & Common
  | { command: 'demo', keep: boolean } & LoadOptions & Common
  | { command: 'check', json: boolean, health: boolean } & Common
  | { command: 'generate', connections: number } & LoadOptions & Common
  | { command: 'help', topic: CommandName | undefined }
  | { command: 'version' }

export interface Flag {
  /** A flag with a schema takes a value of this name; one without is a switch. */
  value?: { name: string, schema: z.ZodType<number, string> | undefined }
  commands: readonly CommandName[]
  text: string
}

const LOAD = ['demo', 'generate'] as const
const DEFAULTS = { records: 100_000, hosts: 100, seed: 1, recordsPerMessage: 100, connections: 4 } as const
const count = (max: number) => ({ name: 'N', schema: integerBetween(1, max) })

/** Every flag there is. parseArgs is given no defaults, so that what was not said can be told from what was. */
export const FLAGS = {
  records: { value: count(1e12), commands: LOAD, text: `how many records to send (${DEFAULTS.records}; without end when --for is given)` },
  hosts: { value: count(1e6), commands: LOAD, text: `how many machines they come from (${DEFAULTS.hosts})` },
  rate: { value: count(1e9), commands: LOAD, text: 'records per second (as fast as they are taken)' },
  for: { value: { name: 'TIME', schema: durationBetween(100, 365 * 86400e3) }, commands: LOAD, text: 'how long to send, such as 10s or 5m' },
  'records-per-message': { value: count(100_000), commands: LOAD, text: `records in one AMQP message (${DEFAULTS.recordsPerMessage})` },
  seed: { value: { name: 'N', schema: integerBetween(0, 2 ** 32 - 1) }, commands: LOAD, text: `the same number gives the same records (${DEFAULTS.seed})` },
  connections: { value: count(10_000), commands: ['generate'], text: `connections to the bus (${DEFAULTS.connections})` },
  keep: { commands: ['demo'], text: 'stay up afterwards, for Grafana or logcli' },
  json: { commands: ['demo', 'check', 'generate'], text: 'the last line of stdout is one JSON object; logs go to stderr' },
  health: { commands: ['check'], text: 'only ask the Lokean that runs here whether it is alive' },
  'env-file': { value: { name: 'FILE', schema: undefined }, commands: COMMANDS, text: 'settings from a file of NAME=value lines; the environment wins' },
  help: { commands: COMMANDS, text: 'show this, or the help of a command' },
  version: { commands: COMMANDS, text: 'show the version' }
} as const satisfies Record<string, Flag>

export type FlagName = keyof typeof FLAGS

export function flagOf (name: FlagName): Flag {
  return FLAGS[name]
}

const FLAG_NAMES = Object.keys(FLAGS) as FlagName[]
const SHORT: Readonly<Record<string, FlagName>> = { h: 'help', V: 'version' }

/** The texts that were given, by flag; a switch has ''. The last one counts where a flag is there twice. */
type Given = Partial<Record<FlagName, string>>

/**
 * The command line after `node` and the script. `run` is the default command. UsageError names what is wrong and, for a
 * word that is not known, the nearest one that is.
 */
export function parseCommand (argv: readonly string[]): Command {
  const { given, positionals } = scan(argv)
  const [word = 'run', ...rest] = positionals
  if (word === 'help' || word === 'version') return parseMeta(word, given, rest)
  const command = commandOf(word)
  if (rest[0] !== undefined) throw new UsageError(`unexpected argument ${quote(rest[0])}: ${command} takes flags only`)
  for (const name of Object.keys(given) as FlagName[]) {
    if (!flagOf(name).commands.includes(command)) throw new UsageError(`--${name} is not a flag of ${command} (it belongs to ${flagOf(name).commands.join(' and ')})`)
  }
  if (given.help !== undefined) return { command: 'help', topic: positionals.length === 0 ? undefined : command }
  if (given.version !== undefined) return { command: 'version' }
  return build(command, given)
}

function build (command: CommandName, given: Given): Command {
  const envFile = given['env-file']
  const json = given.json !== undefined
  switch (command) {
    case 'run': return { command, envFile }
    case 'check': return { command, json, health: given.health !== undefined, envFile }
    case 'demo': return { command, ...load(given), json, keep: given.keep !== undefined, envFile }
    case 'generate': return { command, ...load(given), json, connections: number(given, 'connections') ?? DEFAULTS.connections, envFile }
  }
}

function load (given: Given): Omit<LoadOptions, 'json'> {
  const forMs = number(given, 'for')
  return {
    records: number(given, 'records') ?? (forMs === undefined ? DEFAULTS.records : undefined),
    hosts: number(given, 'hosts') ?? DEFAULTS.hosts,
    rate: number(given, 'rate'),
    forMs,
    seed: number(given, 'seed') ?? DEFAULTS.seed,
    recordsPerMessage: number(given, 'records-per-message') ?? DEFAULTS.recordsPerMessage
  }
}

function parseMeta (word: 'help' | 'version', given: Given, rest: readonly string[]): Command {
  const flag = Object.keys(given).find((name) => name !== 'help' && name !== 'version')
  if (flag !== undefined) throw new UsageError(`--${flag} is not a flag of ${word}`)
  const extra = rest[word === 'help' ? 1 : 0]
  if (extra !== undefined) throw new UsageError(`unexpected argument ${quote(extra)}`)
  if (word === 'version') return { command: 'version' }
  return { command: 'help', topic: rest[0] === undefined ? undefined : commandOf(rest[0]) }
}

function scan (argv: readonly string[]): { given: Given, positionals: string[] } {
  const options = Object.fromEntries(FLAG_NAMES.map((name) => [name, { type: flagOf(name).value === undefined ? 'boolean' as const : 'string' as const }]))
  // strict would refuse with messages of its own, and without a suggestion.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const given: Given = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const name = flagNamed(token.rawName, token.name)
    if (flagOf(name).value === undefined) {
      if (token.value !== undefined) throw new UsageError(`--${name} takes no value`)
      given[name] = ''
    } else {
      // `--records --json` is a forgotten value, not one that looks like a flag.
      if (token.value === undefined || token.value === '' || (!token.inlineValue && token.value.startsWith('-'))) {
        throw new UsageError(`--${name} needs a value (${flagOf(name).value?.name})`)
      }
      given[name] = token.value
    }
  }
  return { given, positionals }
}

function flagNamed (raw: string, name: string): FlagName {
  const found = raw.startsWith('--') ? FLAG_NAMES.find((flag) => flag === name) : SHORT[name]
  if (found !== undefined) return found
  const meant = raw.startsWith('--') ? nearest(name, FLAG_NAMES) : undefined
  throw new UsageError(`unknown flag ${quote(raw)}${meant === undefined ? '' : `; the nearest is --${meant}`}`)
}

function commandOf (word: string): CommandName {
  const command = COMMANDS.find((one) => one === word)
  if (command !== undefined) return command
  const meant = nearest(word, [...COMMANDS, 'help', 'version'])
  throw new UsageError(`unknown command ${quote(word)}${meant === undefined ? `: there are ${COMMANDS.join(', ')}` : `; the nearest is ${meant}`}`)
}

function number (given: Given, name: FlagName): number | undefined {
  const text = given[name]
  if (text === undefined) return undefined
  const result = flagOf(name).value?.schema?.safeParse(text)
  if (result?.success) return result.data
  throw new UsageError(`--${name} is ${quote(text)}: ${result?.error.issues[0]?.message ?? 'is not a number'}`)
}

function quote (text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text)
}
