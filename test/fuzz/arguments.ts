import { parseArgs } from 'node:util'
import { nearest } from '../../src/config/nearest.ts'
import { UsageError } from '../../src/errors.ts'

export const TARGET_NAMES = ['body', 'record', 'message', 'frames', 'relp', 'syslog', 'settings'] as const
export type TargetName = typeof TARGET_NAMES[number]

export interface FuzzArguments {
  /** The time for all targets together. */
  seconds: number
  targets: readonly TargetName[]
  seed: number
  /** Write inputs that reached new code into the corpus. */
  keep: boolean
  /** A file to run once instead of a search. */
  replay: string | undefined
}

export const FUZZ_USAGE = `Feeds the decoders and parsers what they were not made for: npm run fuzz -- [options]

  --seconds N      how long, for all targets together; 60 unless said
  --only NAMES     some targets only: ${TARGET_NAMES.join(',')}
  --seed S         make the same inputs again (a whole number; else one is drawn, and printed)
  --keep           keep the inputs that reached something new in test/fuzz/corpus
  --replay FILE    run this input once, with --only to say for which target
  --help           show this

Exit code 1 where a promise is broken; the input is then made as small as it can be and written to test/fuzz/failures.
`

/** Returns undefined where help was asked for. Throws UsageError with what is wrong. */
export function parseFuzzArguments (args: readonly string[]): FuzzArguments | undefined {
  const { values, positionals } = parse(args)
  if (values.help === true) return undefined
  if (positionals.length > 0) throw new UsageError(`unexpected argument '${positionals[0]}': fuzz takes options only`)
  const { only, keep = false, replay } = values
  const targets = only === undefined ? TARGET_NAMES : chosen(only)
  if (replay !== undefined && targets.length !== 1) throw new UsageError('--replay needs --only with one target')
  return {
    seconds: number('--seconds', values.seconds, 60, 1, 86_400),
    targets,
    seed: number('--seed', values.seed, Math.floor(Math.random() * 2 ** 31), 0, 2 ** 32 - 1),
    keep,
    replay
  }
}

function parse (args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        seconds: { type: 'string' },
        only: { type: 'string', multiple: true },
        seed: { type: 'string' },
        keep: { type: 'boolean' },
        replay: { type: 'string' },
        help: { type: 'boolean', short: 'h' }
      }
    })
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify .*$/s, ''))
  }
}

function number (flag: string, text: string | undefined, otherwise: number, min: number, max: number): number {
  if (text === undefined) return otherwise
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (!(value >= min && value <= max)) throw new UsageError(`${flag} must be a whole number from ${min} to ${max}, not '${text}'`)
  return value
}

function chosen (lists: readonly string[]): TargetName[] {
  const names = lists.flatMap(list => list.split(',')).map(name => name.trim()).filter(name => name !== '')
  if (names.length === 0) throw new UsageError(`--only needs names: ${TARGET_NAMES.join(', ')}`)
  const unknown = names.find(name => !(TARGET_NAMES as readonly string[]).includes(name))
  if (unknown !== undefined) throw new UsageError(`there is no target '${unknown}': the nearest is ${nearest(unknown, TARGET_NAMES) ?? TARGET_NAMES.join(', ')}`)
  return TARGET_NAMES.filter(name => names.includes(name))
}
