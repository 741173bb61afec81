import { parseArgs } from 'node:util'
import { UsageError } from '../../src/errors.ts'
import { parse } from '../cli/parse.ts'

export interface CompareArguments {
  /** Undefined: the stored baseline. */
  before: string | undefined
  /** Undefined: the latest result. */
  after: string | undefined
  /** Percent. */
  failOver: number | undefined
}

export const COMPARE_USAGE = `Says what a change did: npm run bench:compare [-- [BEFORE.json] [AFTER.json] [options]]

  BEFORE.json      bench/results/baseline.json where it is not given
  AFTER.json       bench/results/latest.json where it is not given
  --fail-over N    exit code 1 where a ratio got worse by more than N %, beyond the spread of its repeats
  --help           show this
`

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
