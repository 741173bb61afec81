import { settingsHelp, wrap } from '../config/describe.ts'
import { type CommandName, COMMANDS, type FlagName, FLAGS, flagOf } from './flags.ts'

const WIDTH = 80
const COLUMN = 28

const SUMMARIES: Readonly<Record<CommandName, string>> = {
  run: 'read logs from bus and socket and store them in Loki until stopped (the default)',
  demo: 'send, store and reconcile synthetic logs, with a bus and a Loki inside',
  check: 'try the settings, the bus and Loki; show how a sample record is stored',
  replay: 'send what lies in quarantine or in dead-letter files through the pipeline again',
  generate: 'write synthetic logs to a bus or to a Lokean that listens, for load tests',
  canary: 'send a numbered record a second, and read each back from Loki'
}

const DETAILS: Readonly<Record<CommandName, string>> = {
  run: 'SIGTERM or SIGINT stops it. It then takes nothing more from bus and socket, pushes and settles what is in flight, and exits within LOKEAN_DRAIN_TIMEOUT.',
  demo: 'Runs a bus, a Loki, a generator of OpenStack logs, and Lokean between them, in one process on loopback. LOKEAN_AMQP_URL or LOKEAN_LOKI_URL, where set, replaces the bus or the Loki inside. At the end, it compares every record sent with every record stored. The exit code is 1 if a record is missing or stored twice.',
  check: 'Reads the settings, connects to the bus, and pushes an entry of its own to Loki as each tenant: {source="lokean", check="push"} with the labels of the address. Compares the settings with the limits of the tenant, where Loki tells them. Shows the labels, metadata and line of a sample record: a JSON record from stdin, or one that is built in; and its format, and where each field comes from. With --file, only shows what is read of a log file: its lines by format and level, and samples of those of no known format. With --offline, connects to nothing: so settings can be tried anywhere. Where a check fails, it says what to do.',
  replay: 'Reads what is in quarantine in Loki, or in dead-letter files, and sends it through the pipeline again, with the present settings: each record is stored at its own time under its own labels. Without --yes it sends nothing, and says what would become of each record. What would go to quarantine again stays where it is, and is listed. What is replayed is marked, so that the next run leaves it out; nothing is deleted. A stopped or killed run can be started again. The exit code is 0 where nothing is left to replay.',
  generate: 'Sends logs to the bus in LOKEAN_AMQP_URL, in the form that rsyslog\'s omamqp1 uses. Each host sends to one of LOKEAN_AMQP_ADDRESSES. With --url it sends as rsyslog\'s omrelp or omfwd does, each host over one of the connections: by RELP what is not answered is sent again; syslog acknowledges nothing, so there it counts what was written.',
  canary: 'Sends a numbered record a second to the first of LOKEAN_AMQP_ADDRESSES, or to --url, as any machine sends its logs. Reads each back from LOKEAN_LOKI_URL by {source="lokean-canary"}. What was sent, stored, missing or doubled, and after how long it was there, is on LOKEAN_ADMIN_ADDR as metrics. Runs until it is stopped, or as long as --for says. The exit code is 1 if a record is missing or stored twice, or none was stored.'
}

const EXIT_CODES: ReadonlyArray<readonly [string, string]> = [
  ['0', 'all went well'], ['1', 'the command failed, demo or canary found a record missing or stored twice, or replay left a record where it was'], ['64', 'the command line is wrong'],
  ['70', 'an unexpected error'], ['78', 'a setting is wrong']
]

/**
 * The text of `lokean --help` or `lokean <topic> --help`. No line is longer than 80 columns; a newline ends the text.
 */
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
