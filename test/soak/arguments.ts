import { parseArgs } from 'node:util'
import { parseDuration } from '../../src/config/units.ts'
import { UsageError } from '../../src/errors.ts'

export interface SoakArguments {
  forMs: number
  seed: number
  /** Records a second. */
  rate: number
  json: boolean
}

const RATE = 5_000
const LEAST_MS = 5_000

export const SOAK_USAGE = `Runs Lokean for as long as asked with random faults all the time, then reconciles every record:
npm run soak -- --for TIME [options]

  --for TIME  how long, such as 20s, 10m or 12h
  --seed N    the same number draws the same faults, in the same order (a random one, which is printed)
  --rate N    records a second (${RATE})
  --json      the last line of stdout is the result as one JSON object
  --help      show this

Ctrl-C ends it in order, with the reconciliation. Exit code 1 where a record is missing or doubled.
`

/** Returns undefined where help was asked for. Throws UsageError with what is wrong. */
export function parseSoakArguments (
  args: readonly string[], anySeed = (): number => Math.floor(Math.random() * 2 ** 32)
): SoakArguments | undefined {
  const { values, positionals } = parse(args)
  if (values.help === true) return undefined
  if (positionals.length > 0) throw new UsageError(`unexpected argument '${positionals[0]}': the soak takes options only`)
  if (values.for === undefined) throw new UsageError('--for is missing: how long, such as 10m')
  const forMs = parseDuration(values.for)
  if (forMs === undefined || forMs < LEAST_MS) throw new UsageError(`--for must be a duration of at least ${LEAST_MS / 1000}s, such as 20s, 10m or 12h, not '${values.for}'`)
  return {
    forMs,
    seed: values.seed === undefined ? anySeed() : whole('seed', values.seed, 0, 2 ** 32 - 1),
    rate: values.rate === undefined ? RATE : whole('rate', values.rate, 1, 1e6),
    json: values.json === true
  }
}

function whole (name: string, text: string, least: number, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (!(number >= least && number <= most)) throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, not '${text}'`)
  return number
}

/**
 * An argument that parseArgs refuses is the caller's mistake. Only the first sentence is kept: the rest explains how to
 * pass such a word as an argument.
 */
function parse (args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        for: { type: 'string' },
        seed: { type: 'string' },
        rate: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' }
      }
    })
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify .*$/s, ''))
  }
}
