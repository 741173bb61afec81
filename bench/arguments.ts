import { parseArgs } from 'node:util'
import { nearest } from '../src/config/nearest.ts'
import { UsageError } from '../src/errors.ts'
import { parse } from './cli/parse.ts'
import { QUICK_SUITES, type SuiteName, SUITES } from './suites/names.ts'

export interface BenchArguments {
  quick: boolean
  json: boolean
  suites: readonly SuiteName[]
  /** Write bench/results/latest.json, the page and its charts. */
  save: boolean
  /** Write bench/results/baseline.json. */
  saveBaseline: boolean
  /** Fail where a measured ratio or count misses its target by far. */
  gate: boolean
}

export const BENCH_USAGE = `Measures this Lokean on this machine: npm run bench [-- options]

  --quick          one short pass over all but micro, in some two minutes; writes no files
  --only NAMES     some suites only: ${SUITES.join(',')}
  --json           the last line of stdout is the result as one JSON object
  --save           write bench/results/latest.json and its page also for --quick or --only; what --only leaves out is kept
                   where it was measured on the same machine
  --save-baseline  keep the result as bench/results/baseline.json too, for npm run bench:compare
  --gate           exit code 1 too where a target is missed by more than a fifth, or not measured, of those that hold on
                   a busy machine: CPU against the floor, bytes and records a push, pushes
                   with the linger, and that nothing is lost or doubled
  --help           show this

LOKEAN_AMQP_URL and LOKEAN_LOKI_URL put a real bus and a real Loki in the place of the bench's own; the
other LOKEAN_ settings count as well. Exit code 1 where a record is missing or doubled, or a suite fails.
`

/** Returns undefined where help was asked for. Throws UsageError with what is wrong. */
export function parseBenchArguments (args: readonly string[]): BenchArguments | undefined {
  const { values, positionals } = parse(() => parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      save: { type: 'boolean' },
      'save-baseline': { type: 'boolean' },
      gate: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' }
    }
  }))
  if (values.help === true) return undefined
  if (positionals.length > 0) throw new UsageError(`unexpected argument '${positionals[0]}': the bench takes options only`)
  const { quick = false, json = false, only, save = false, 'save-baseline': saveBaseline = false, gate = false } = values
  const suites = only !== undefined ? chosen(only) : quick ? QUICK_SUITES : SUITES
  return { quick, json, suites, save: save || (!quick && only === undefined), saveBaseline, gate }
}

function chosen (lists: readonly string[]): SuiteName[] {
  const names = lists.flatMap(list => list.split(',')).map(name => name.trim()).filter(name => name !== '')
  if (names.length === 0) throw new UsageError(`--only needs names: ${SUITES.join(', ')}`)
  for (const name of names) {
    if ((SUITES as readonly string[]).includes(name)) continue
    const meant = nearest(name, SUITES)
    throw new UsageError(
      `there is no suite '${name}': ${meant === undefined ? `there are ${SUITES.join(', ')}` : `the nearest is ${meant}`}`
    )
  }
  return SUITES.filter(suite => names.includes(suite))
}
