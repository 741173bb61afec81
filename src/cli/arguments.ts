import { parseArgs } from 'node:util'
import { nearest } from '../config/nearest.ts'
import { UsageError } from '../errors.ts'
import type { QuarantineReason } from '../worker/messages/reasons.ts'
import type { GivenLabel } from '../worker/messages/settings.ts'
import { type CommandName, COMMANDS, DEFAULTS, type FlagName, FLAGS, flagOf, type FlagValue } from './flags.ts'

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

export interface DemoOptions extends LoadOptions {
  keep: boolean
  via: 'amqp' | 'relp' | 'syslog'
}

/** Whom `generate` and `canary` send to. */
export interface PeerOptions {
  /** Undefined: the bus of the settings. What follows is for others only. */
  url: URL | undefined
  form: 'json' | 'rfc5424' | undefined
  window: number | undefined
  /** Files; as `cert` and `key`. */
  ca: string | undefined
  cert: string | undefined
  key: string | undefined
}

export interface GenerateOptions extends LoadOptions, PeerOptions { connections: number }

export interface CanaryOptions extends PeerOptions {
  /** Undefined: until it is stopped. */
  forMs: number | undefined
  withinMs: number
  cloud: string
  /** Undefined: that of the settings. */
  tenant: string | undefined
  json: boolean
}

/** The flags of `replay`. */
export interface ReplayOptions {
  /** Undefined: quarantine in Loki. */
  deadLetters: string | undefined
  /** Empty: all of them; as `labels` and `tenants`. */
  reasons: readonly QuarantineReason[]
  labels: readonly GivenLabel[]
  tenants: readonly string[]
  /** Nanoseconds since the epoch. */
  from: bigint | undefined
  to: bigint | undefined
  sinceMs: number | undefined
  limit: number | undefined
  /** A file of what is done; undefined: a stream in Loki. */
  state: string | undefined
  /** A file for what is not replayed. */
  left: string | undefined
  yes: boolean
  json: boolean
}

interface Common { envFile: string | undefined }

export type Command =
  | { command: 'run' } & Common
  | { command: 'demo' } & DemoOptions & Common
  | { command: 'check', json: boolean, health: boolean, push: boolean, offline: boolean, file: string | undefined } & Common
  | { command: 'replay' } & ReplayOptions & Common
  | { command: 'generate' } & GenerateOptions & Common
  | { command: 'canary' } & CanaryOptions & Common
  | { command: 'help', topic: CommandName | undefined }
  | { command: 'version' }

const FLAG_NAMES = Object.keys(FLAGS) as FlagName[]
const SHORT: Readonly<Record<string, FlagName>> = { h: 'help', V: 'version' }

/** The texts of each given flag; '' for a switch. */
type Given = Partial<Record<FlagName, string[]>>

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
  const envFile = last(given, 'env-file')
  const json = given.json !== undefined
  switch (command) {
    case 'run': return { command, envFile }
    case 'check': return {
      command,
      json,
      health: given.health !== undefined,
      push: given['no-push'] === undefined,
      offline: given.offline !== undefined,
      file: last(given, 'file'),
      envFile
    }
    case 'demo': return { command, ...load(given), json, keep: given.keep !== undefined, via: last(given, 'via') ?? DEFAULTS.via, envFile }
    case 'replay': return { command, ...replay(given), json, envFile }
    case 'generate': return { command, ...load(given), connections: connections(given), ...peer(given), json, envFile }
    case 'canary': return { command, ...canary(given), ...peer(given), json, envFile }
  }
}

const connections = (given: Given): number => last(given, 'connections') ?? DEFAULTS.connections

function peer (given: Given): PeerOptions {
  const needsUrl = (['form', 'window', 'ca', 'cert', 'key'] as const).find(name => given[name] !== undefined)
  if (needsUrl !== undefined && given.url === undefined) throw new UsageError(`--${needsUrl} needs --url: the bus has its settings`)
  return {
    url: last(given, 'url'),
    form: last(given, 'form'),
    window: last(given, 'window'),
    ca: last(given, 'ca'),
    cert: last(given, 'cert'),
    key: last(given, 'key')
  }
}

function canary (given: Given): Omit<CanaryOptions, keyof PeerOptions | 'json'> {
  return {
    forMs: last(given, 'for'),
    withinMs: last(given, 'within') ?? DEFAULTS.withinMs,
    cloud: last(given, 'cloud') ?? DEFAULTS.cloud,
    tenant: last(given, 'tenant')
  }
}

function replay (given: Given): Omit<ReplayOptions, 'json'> {
  if (given.since !== undefined && given.from !== undefined) throw new UsageError('--since and --from say the same: give one of them')
  return {
    deadLetters: last(given, 'dead-letters'),
    reasons: all(given, 'reason'),
    labels: all(given, 'label'),
    tenants: all(given, 'tenant'),
    from: last(given, 'from'),
    to: last(given, 'to'),
    sinceMs: last(given, 'since'),
    limit: last(given, 'limit'),
    state: last(given, 'state'),
    left: last(given, 'left'),
    yes: given.yes !== undefined
  }
}

function load (given: Given): Omit<LoadOptions, 'json'> {
  const forMs = last(given, 'for')
  return {
    records: last(given, 'records') ?? (forMs === undefined ? DEFAULTS.records : undefined),
    hosts: last(given, 'hosts') ?? DEFAULTS.hosts,
    rate: last(given, 'rate'),
    forMs,
    seed: last(given, 'seed') ?? DEFAULTS.seed,
    recordsPerMessage: last(given, 'records-per-message') ?? DEFAULTS.recordsPerMessage
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
      given[name] = ['']
    } else {
      // In `--records --json`, the value is missing. `--json` is not the value.
      if (token.value === undefined || token.value === '' || (!token.inlineValue && token.value.startsWith('-'))) {
        throw new UsageError(`--${name} needs a value (${flagOf(name).value?.name})`)
      }
      given[name] = [...given[name] ?? [], token.value]
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

/** The value of a flag. Where the flag is given twice, the last one counts. */
function last<N extends FlagName> (given: Given, name: N): FlagValue<N> | undefined {
  return all(given, name).at(-1)
}

function all<N extends FlagName> (given: Given, name: N): Array<FlagValue<N>> {
  return (given[name] ?? []).map(text => {
    const result = flagOf(name).value?.schema.safeParse(text)
    if (result?.success) return result.data as FlagValue<N>
    throw new UsageError(`--${name} is ${quote(text)}: ${result?.error.issues[0]?.message ?? 'takes no value'}`)
  })
}

function quote (text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text)
}
