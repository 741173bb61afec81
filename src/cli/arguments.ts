import { parseArgs } from 'node:util'
import type { z } from 'zod'
import { nearest } from '../config/nearest.ts'
import { durationBetween, integerBetween } from '../config/units.ts'
import { UsageError } from '../errors.ts'

export const COMMANDS = ['run', 'demo', 'check', 'generate'] as const
export type CommandName = typeof COMMANDS[number]

/** The flags of `demo` and `generate` that describe the load. */
export interface LoadOptions {
  /** Undefined: until `forMs` is over. */
  records: number | undefined
  hosts: number
  /** Records per second; undefined: as fast as the bus takes them. */
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
  | { command: 'check', json: boolean, health: boolean, push: boolean } & Common
  | { command: 'generate', connections: number } & LoadOptions & Common
  | { command: 'help', topic: CommandName | undefined }
  | { command: 'version' }

export interface Flag {
  /** Name and schema of the flag's value. Undefined for a switch. */
  value?: { name: string, schema: z.ZodType<number, string> | undefined }
  commands: readonly CommandName[]
  text: string
}

const LOAD = ['demo', 'generate'] as const
const DEFAULTS = { records: 100_000, hosts: 100, seed: 1, recordsPerMessage: 100, connections: 4 } as const
const count = (max: number) => ({ name: 'N', schema: integerBetween(1, max) })

/** All flags. parseArgs gets no defaults, so that a flag that is given differs from one that is not. */
export const FLAGS = {
  records: { value: count(1e12), commands: LOAD, text: `how many records to send (default ${DEFAULTS.records}; no limit with --for)` },
  hosts: { value: count(1e6), commands: LOAD, text: `how many machines the records come from (default ${DEFAULTS.hosts})` },
  rate: { value: count(1e9), commands: LOAD, text: 'records per second (default: as fast as the bus takes them)' },
  for: {
    value: { name: 'TIME', schema: durationBetween(100, 365 * 86400e3) }, commands: LOAD, text: 'how long to send, such as 10s or 5m'
  },
  'records-per-message': { value: count(100_000), commands: LOAD, text: `records in one AMQP message (default ${DEFAULTS.recordsPerMessage})` },
  seed: { value: { name: 'N', schema: integerBetween(0, 2 ** 32 - 1) }, commands: LOAD, text: `the same seed gives the same records (default ${DEFAULTS.seed})` },
  connections: { value: count(10_000), commands: ['generate'], text: `connections to the bus (default ${DEFAULTS.connections})` },
  keep: { commands: ['demo'], text: 'keep running at the end, for Grafana or logcli' },
  json: { commands: ['demo', 'check', 'generate'], text: 'the last line of stdout is one JSON object; logs go to stderr' },
  health: { commands: ['check'], text: 'only ask the Lokean running here whether it is alive' },
  'no-push': { commands: ['check'], text: 'store no entry in Loki' },
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

/** The text of each given flag; '' for a switch. Where a flag is given twice, the last one counts. */
type Given = Partial<Record<FlagName, string>>

/**
 * Parses the command line behind `node` and the script. The default command is `run`. Throws a UsageError that names
 * what is wrong and, for an unknown word, the nearest known one.
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
    case 'check': return { command, json, health: given.health !== undefined, push: given['no-push'] === undefined, envFile }
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
  const options = Object.fromEntries(FLAG_NAMES.map((name) => [
    name, { type: flagOf(name).value === undefined ? 'boolean' as const : 'string' as const }
  ]))
  // With `strict`, parseArgs would throw its own messages, which suggest nothing.
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
      // In `--records --json`, the value is missing. `--json` is not the value.
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
  throw new UsageError(
    `unknown command ${quote(word)}${meant === undefined ? `: there are ${COMMANDS.join(', ')}` : `; the nearest is ${meant}`}`
  )
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
