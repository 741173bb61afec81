import { settingsHelp, wrap } from '../config/describe.ts'
import { COMMANDS, FLAGS, flagOf } from './arguments.ts'
import type { CommandName, FlagName } from './arguments.ts'

const WIDTH = 80
const COLUMN = 28

const SUMMARIES: Readonly<Record<CommandName, string>> = {
  run: 'read logs from the bus and store them in Loki until stopped (the default)',
  demo: 'send, store and reconcile synthetic logs, with a bus and a Loki inside',
  check: 'try the settings, the bus and Loki; show how a sample record lands',
  generate: 'write synthetic logs to a bus, for load tests'
}

const DETAILS: Readonly<Record<CommandName, string>> = {
  run: 'SIGTERM and SIGINT stop it: nothing more is taken from the bus, what is in flight is pushed and settled, then it exits, after LOKEAN_DRAIN_TIMEOUT at the latest.',
  demo: 'Everything runs in one process on loopback: a bus, a Loki, a generator of OpenStack logs, and run between them. LOKEAN_AMQP_URL or LOKEAN_LOKI_URL, when set, take the place of the bus or the Loki inside. At the end every record sent is reconciled with every record stored; exit code 1 if one is missing or doubled.',
  check: 'Reads the settings, connects to the bus and to Loki, and shows the labels, metadata and line that a sample record gets: one record of JSON on stdin, or one that is built in. Says what to mend.',
  generate: 'Writes to the bus in LOKEAN_AMQP_URL, to LOKEAN_AMQP_ADDRESSES, each host to one of them, in the shape that rsyslog\'s omamqp1 writes.'
}

const EXIT_CODES: ReadonlyArray<readonly [string, string]> = [
  ['0', 'all went well'], ['1', 'it failed; or demo missed or doubled a record'], ['64', 'the command line is wrong'], ['70', 'an error that nothing foresaw'], ['78', 'a setting is wrong']
]

/** The text of `lokean --help`, or of `lokean <topic> --help`; every line within 80 columns, a newline at the end. */
export function helpText (topic?: CommandName): string {
  return (topic === undefined ? overview() : commandHelp(topic)).join('\n') + '\n'
}

function overview (): string[] {
  return [
    'Takes OpenStack logs off an AMQP 1.0 bus and stores them in Grafana Loki.',
    '',
    'Usage: lokean [command] [flags]',
    '',
    'Commands:',
    ...COMMANDS.flatMap((command) => entry(command, SUMMARIES[command])),
    '',
    'Flags (those of a command: lokean <command> --help):',
    ...flagLines(['env-file', 'help', 'version']),
    '',
    'Exit codes:',
    ...EXIT_CODES.flatMap(([code, meaning]) => entry(code, meaning)),
    '',
    ...wrap('Settings are environment variables, shown as NAME [default]. NAME_FILE may name a file that holds a secret. An empty value counts as unset.', WIDTH),
    '',
    settingsHelp(WIDTH).trimEnd()
  ]
}

function commandHelp (command: CommandName): string[] {
  const flags = (Object.keys(FLAGS) as FlagName[]).filter((name) => flagOf(name).commands.includes(command))
  return [
    `Usage: lokean ${command} [flags]`,
    '',
    ...wrap(DETAILS[command], WIDTH),
    '',
    'Flags:',
    ...flagLines(flags),
    '',
    'Settings are environment variables: lokean --help lists them.'
  ]
}

function flagLines (names: readonly FlagName[]): string[] {
  return names.flatMap((name) => {
    const { value, text } = flagOf(name)
    const short = name === 'help' ? ', -h' : name === 'version' ? ', -V' : ''
    return entry(`--${name}${value === undefined ? '' : ` ${value.name}`}${short}`, text)
  })
}

function entry (left: string, text: string): string[] {
  return wrap(text, WIDTH - COLUMN).map((line, index) => (index === 0 ? `  ${left}`.padEnd(COLUMN) : ' '.repeat(COLUMN)) + line)
}
