import { parseArgs } from 'node:util'
import { nearest } from '../../src/config/nearest.ts'
import { UsageError } from '../../src/errors.ts'

/** In the order in which they run: the later ones go by what the earlier ones measured. */
export const SUITES = ['floor', 'pipeline', 'latency', 'stall', 'hosts', 'idle', 'loki', 'micro'] as const
export type SuiteName = typeof SUITES[number]

/** Single steps are what they are: nothing that a look at the whole has to wait for. */
export const QUICK_SUITES: readonly SuiteName[] = SUITES.filter(name => name !== 'micro')

export interface BenchArguments {
  quick: boolean
  json: boolean
  suites: readonly SuiteName[]
  /** Write bench/results/latest.json, the page and its charts. */
  save: boolean
  /** Write bench/results/baseline.json. */
  saveBaseline: boolean
}

export interface CompareArguments {
  /** Undefined: the stored baseline. */
  before: string | undefined
  /** Undefined: the latest result. */
  after: string | undefined
  /** Percent. */
  failOver: number | undefined
}

export const BENCH_USAGE = `Measures this Lokean on this machine: npm run bench [-- options]

  --quick          one short pass over all but micro, in under a minute; writes no files
  --only NAMES     some suites only: ${SUITES.join(',')}
  --json           the last line of stdout is the result as one JSON object
  --save           write bench/results/latest.json and its page also for --quick or --only
  --save-baseline  keep the result as bench/results/baseline.json too, for npm run bench:compare
  --help           show this

LOKEAN_AMQP_URL and LOKEAN_LOKI_URL put a real bus and a real Loki in the place of the bench's own; the
other LOKEAN_ settings count as well. Exit code 1 where a record is missing or doubled, or a suite fails.
`

export const COMPARE_USAGE = `Says what a change did: npm run bench:compare [-- [BEFORE.json] [AFTER.json] [options]]

  BEFORE.json      bench/results/baseline.json where it is not given
  AFTER.json       bench/results/latest.json where it is not given
  --fail-over N    exit code 1 where a ratio got worse by more than N %, beyond the spread of its repeats
  --help           show this
`

/** Undefined where help was asked for. UsageError says what is wrong. */
export function parseBenchArguments (args: readonly string[]): BenchArguments | undefined {
  const { values, positionals } = parse(() => parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string', multiple: true }, save: { type: 'boolean' }, 'save-baseline': { type: 'boolean' }, help: { type: 'boolean', short: 'h' }
    }
  }))
  if (values.help === true) return undefined
  if (positionals.length > 0) throw new UsageError(`unexpected argument '${positionals[0]}': the bench takes options only`)
  const { quick = false, json = false, only, save = false, 'save-baseline': saveBaseline = false } = values
  return { quick, json, suites: only !== undefined ? chosen(only) : quick ? QUICK_SUITES : SUITES, save: save || (!quick && only === undefined), saveBaseline }
}

/** Undefined where help was asked for. UsageError says what is wrong. */
export function parseCompareArguments (args: readonly string[]): CompareArguments | undefined {
  const { values, positionals } = parse(() => parseArgs({
    args: [...args], allowPositionals: true, options: { 'fail-over': { type: 'string' }, help: { type: 'boolean', short: 'h' } }
  }))
  if (values.help === true) return undefined
  if (positionals.length > 2) throw new UsageError(`unexpected argument '${positionals[2]}': two results are compared`)
  const percent = values['fail-over']
  if (percent !== undefined && !/^\d+(\.\d+)?$/.test(percent)) throw new UsageError(`--fail-over must be a number of percent, not '${percent}'`)
  return { before: positionals[0], after: positionals[1], failOver: percent === undefined ? undefined : Number(percent) }
}

function chosen (lists: readonly string[]): SuiteName[] {
  const names = lists.flatMap(list => list.split(',')).map(name => name.trim()).filter(name => name !== '')
  if (names.length === 0) throw new UsageError(`--only needs names: ${SUITES.join(', ')}`)
  for (const name of names) {
    if ((SUITES as readonly string[]).includes(name)) continue
    const meant = nearest(name, SUITES)
    throw new UsageError(`there is no suite '${name}': ${meant === undefined ? `there are ${SUITES.join(', ')}` : `the nearest is ${meant}`}`)
  }
  return SUITES.filter(suite => names.includes(suite))
}

/** What parseArgs refuses is the caller's mistake; its messages go on to explain how to pass such a word as an argument. */
export function parse<T> (read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify .*$/s, ''))
  }
}
