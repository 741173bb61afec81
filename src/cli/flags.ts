import { z } from 'zod'
import { parseLabel } from '../config/given-labels.ts'
import { fixedTenant } from '../config/mapping.ts'
import { InvalidValue, parsedBy } from '../config/text.ts'
import { durationBetween, instant, integerBetween, oneOf } from '../config/units.ts'
import { QUARANTINE_REASONS } from '../worker/messages/reasons.ts'

export const COMMANDS = ['run', 'demo', 'check', 'replay', 'generate', 'canary'] as const
export type CommandName = typeof COMMANDS[number]

export interface Flag {
  /** Name and schema of the flag's value. Undefined for a switch. */
  value?: { name: string, schema: z.ZodType<unknown, string> }
  commands: readonly CommandName[]
  text: string
}

const LOAD = ['demo', 'generate'] as const
const SENDERS = ['generate', 'canary'] as const
export const DEFAULTS = {
  records: 100_000, hosts: 100, seed: 1, recordsPerMessage: 100, connections: 4, via: 'amqp', withinMs: 60_000, cloud: 'canary'
} as const
const count = (max: number) => ({ name: 'N', schema: integerBetween(1, max) })
const file = { name: 'FILE', schema: z.string() }
const time = { name: 'TIME', schema: durationBetween(100, 3650 * 86400e3) }

const PEERS = ['relp:', 'relps:', 'syslog+tcp:', 'syslog+tls:']

/** A peer that is no bus. The port must be said, because RELP has none of its own. */
const peer = parsedBy(text => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const place = url?.href.slice(url.protocol.length) ?? ''
  if (url === undefined || !PEERS.includes(url.protocol) || url.port === '' || !/^\/\/[^/?#@]+$/.test(place)) {
    throw new InvalidValue('must be relp://host:port, or the same with relps, syslog+tcp or syslog+tls')
  }
  return url
})

/** `name=value`. */
const label = parsedBy(text => {
  if (text.includes('=')) return parseLabel(text, '')
  throw new InvalidValue('must be name=value')
})

/** All flags. parseArgs gets no defaults, so that a flag that is given differs from one that is not. */
export const FLAGS = {
  records: { value: count(1e12), commands: LOAD, text: `how many records to send (default ${DEFAULTS.records}; no limit with --for)` },
  hosts: { value: count(1e6), commands: LOAD, text: `how many machines the records come from (default ${DEFAULTS.hosts})` },
  rate: { value: count(1e9), commands: LOAD, text: 'records per second (default: as fast as the bus takes them)' },
  for: {
    value: { name: 'TIME', schema: durationBetween(100, 365 * 86400e3) },
    commands: [...LOAD, 'canary'],
    text: 'how long to send, such as 10s or 5m'
  },
  'records-per-message': { value: count(100_000), commands: LOAD, text: `records in one AMQP message (default ${DEFAULTS.recordsPerMessage})` },
  seed: { value: { name: 'N', schema: integerBetween(0, 2 ** 32 - 1) }, commands: LOAD, text: `the same seed gives the same records (default ${DEFAULTS.seed})` },
  connections: { value: count(10_000), commands: ['generate'], text: `how many connections to send over (default ${DEFAULTS.connections})` },
  url: {
    value: { name: 'URL', schema: peer },
    commands: SENDERS,
    text: 'send to this URL and not to the bus: relp://host:port, relps, syslog+tcp or syslog+tls'
  },
  form: {
    value: { name: 'FORM', schema: oneOf(['json', 'rfc5424']) },
    commands: SENDERS,
    text: 'with --url: json, as the template for the bus has it (default by relp), or rfc5424 (default by syslog)'
  },
  window: { value: count(1e6), commands: ['generate'], text: 'with --url relp: records on a connection that wait for an answer (default 128)' },
  ca: { value: file, commands: SENDERS, text: 'with --url: the certificates to trust, in PEM (default: those of Node)' },
  cert: { value: file, commands: SENDERS, text: 'with --url: a certificate to show, in PEM' },
  key: { value: file, commands: SENDERS, text: 'with --url: its key' },
  via: {
    value: { name: 'WAY', schema: oneOf(['amqp', 'relp', 'syslog']) },
    commands: ['demo'],
    text: `how the records come to Lokean: amqp, relp or syslog (default ${DEFAULTS.via}); without amqp there is no bus`
  },
  'dead-letters': {
    value: { name: 'DIR', schema: z.string() },
    commands: ['replay'],
    text: 'replay the dead-letter files of this directory, or this one file, instead of quarantine'
  },
  reason: {
    value: { name: 'REASON', schema: oneOf(QUARANTINE_REASONS) },
    commands: ['replay'],
    text: 'only what was put aside for this reason; may be repeated'
  },
  label: {
    value: { name: 'NAME=VALUE', schema: label },
    commands: ['replay'],
    text: 'only what has this label, of its stream or told in its metadata; may be repeated'
  },
  tenant: {
    value: { name: 'TENANT', schema: fixedTenant },
    commands: ['replay', 'canary'],
    text: 'read this tenant (default: those of the settings); replay may have more than one'
  },
  within: {
    value: { name: 'TIME', schema: durationBetween(1_000, 3600e3) },
    commands: ['canary'],
    text: `how soon a record must be in Loki, or it is missing (default ${DEFAULTS.withinMs / 1000}s)`
  },
  cloud: {
    value: { name: 'NAME', schema: z.string() }, commands: ['canary'], text: `the cloud of its records (default ${DEFAULTS.cloud})`
  },
  since: { value: time, commands: ['replay'], text: 'only what was put aside within this time (default: LOKEAN_LOKI_MAX_AGE)' },
  from: { value: { name: 'TIME', schema: instant }, commands: ['replay'], text: 'only what was put aside from then on, such as 2026-11-27T10:00:00Z' },
  to: { value: { name: 'TIME', schema: instant }, commands: ['replay'], text: 'only what was put aside before then (default: now)' },
  limit: { value: count(1e12), commands: ['replay'], text: 'end after so many records' },
  state: { value: file, commands: ['replay'], text: 'remember in this file what is replayed (default: in a stream in Loki)' },
  left: { value: file, commands: ['replay'], text: 'write what is not replayed to this file, as NDJSON' },
  yes: { commands: ['replay'], text: 'do it; without this, only say what would be done' },
  keep: { commands: ['demo'], text: 'keep running at the end, for Grafana or logcli' },
  json: { commands: ['demo', 'check', 'replay', 'generate', 'canary'], text: 'the last line of stdout is one JSON object; logs go to stderr' },
  health: { commands: ['check'], text: 'only ask the Lokean running here whether it is alive' },
  file: { value: file, commands: ['check'], text: 'only read this log file, or NDJSON of records: its lines by format and level' },
  offline: { commands: ['check'], text: 'connect to nothing: only the settings, the files that they name, and the sample record' },
  'no-push': { commands: ['check'], text: 'store no entry in Loki' },
  'env-file': { value: file, commands: COMMANDS, text: 'settings from a file of NAME=value lines; the environment wins' },
  help: { commands: COMMANDS, text: 'show this, or the help of a command' },
  version: { commands: COMMANDS, text: 'show the version' }
} as const satisfies Record<string, Flag>

export type FlagName = keyof typeof FLAGS

/** The type of a flag's value; never for a switch. */
export type FlagValue<N extends FlagName> =
  (typeof FLAGS)[N] extends { value: { schema: infer S extends z.ZodType } } ? z.output<S> : never

export function flagOf (name: FlagName): Flag {
  return FLAGS[name]
}
