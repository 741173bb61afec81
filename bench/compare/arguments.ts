import { parseArgs } from 'node:util'
import { UsageError } from '../../src/errors.ts'
import { parse, whole } from '../cli/parse.ts'

/** Compares two results that are kept in files. */
export interface CompareResults {
  kind: 'results'
  /** Undefined stands for the stored baseline. */
  before: string | undefined
  /** Undefined stands for the latest result. */
  after: string | undefined
  /** Percent. */
  failOver: number | undefined
}

/** Compares the program of another revision with the one in this folder. */
export interface ComparePrograms {
  kind: 'programs'
  /** Any revision that git understands. */
  against: string
  pairs: number
  json: boolean
  /** Percent. */
  failOver: number | undefined
}

const PAIRS = 7
const MOST_PAIRS = 100

export const COMPARE_USAGE = `Says what a change did: npm run bench:compare [-- [BEFORE.json] [AFTER.json] [options]]
                    or: npm run bench:compare -- --against REVISION [options]

Two results, as npm run bench keeps them:
  BEFORE.json         bench/results/baseline.json where it is not given
  AFTER.json          bench/results/latest.json where it is not given
  --fail-over N       exit code 1 where a ratio got worse by more than N %, beyond the spread of its repeats

Two programs, measured now and in turns, so that a busy machine is as slow for the one as for the other:
  --against REVISION  the one before: a commit, branch or tag, checked out, installed and built in a temporary
                      folder; the one after is the program in this folder. Both get the load of npm run bench
                      from the harness in this folder, at 1 and at 100 records a message
  --pairs N           how often, 1 to ${MOST_PAIRS}; ${PAIRS} without it, which takes some minutes
  --json              the last line of stdout is the result as one JSON object
  --fail-over N       exit code 1 where the median of the pairs got worse by more than N %

  --help              show this

Settings of the environment (LOKEAN_) count for both programs. Exit code 1 too where one of them loses or doubles a record.
`

/** Returns undefined where help was asked for. Throws UsageError with what is wrong. */
export function parseCompareArguments (args: readonly string[]): CompareResults | ComparePrograms | undefined {
  const { values, positionals } = parse(() => parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      against: { type: 'string' },
      pairs: { type: 'string' },
      json: { type: 'boolean' },
      'fail-over': { type: 'string' },
      help: { type: 'boolean', short: 'h' }
    }
  }))
  if (values.help === true) return undefined
  const { against, json } = values
  const failOver = percent('--fail-over', values['fail-over'])
  const pairs = whole('--pairs', values.pairs, 1, MOST_PAIRS)
  if (against !== undefined) {
    if (against === '') throw new UsageError('--against needs a revision')
    if (positionals.length > 0) throw new UsageError(`unexpected argument '${positionals[0]}': with --against no results are read`)
    return { kind: 'programs', against, pairs: pairs ?? PAIRS, json: json ?? false, failOver }
  }
  if (pairs !== undefined || json !== undefined) throw new UsageError(`${pairs !== undefined ? '--pairs' : '--json'} needs --against`)
  if (positionals.length > 2) throw new UsageError(`unexpected argument '${positionals[2]}': two results are compared`)
  return { kind: 'results', before: positionals[0], after: positionals[1], failOver }
}

function percent (name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`${name} must be a number of percent, not '${text}'`)
  return Number(text)
}
