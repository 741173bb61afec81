/** What a change did: the stored baseline against the latest result, or any two results. `npm run bench:compare` */
import { print, runCommand } from '../cli/command.ts'
import { BASELINE, LATEST, readResult } from '../outcome/result-files.ts'
import type { BenchResult } from '../outcome/results.ts'
import { COMPARE_USAGE, parseCompareArguments } from './arguments.ts'
import { compareResults, comparisonText, failures } from './comparison.ts'

/** The exit code. */
function main (): number {
  const options = parseCompareArguments(process.argv.slice(2))
  if (options === undefined) return print(COMPARE_USAGE)
  const { before = BASELINE, after = LATEST, failOver } = options
  const [earlier, later] = [readResult(before), readResult(after)]
  const comparison = compareResults(earlier, later)
  print(`before: ${describe(earlier)}\nafter:  ${describe(later)}\n\n${comparisonText(comparison)}`)
  const failed = failOver === undefined ? [] : failures(comparison, failOver)
  if (failed.length === 0) return 0
  process.stderr.write(`Worse by more than ${failOver} %:\n${failed.map(({ name }) => `  ${name}\n`).join('')}`)
  return 1
}

function describe ({ at, machine, quick }: BenchResult): string {
  return `${at}, Lokean ${machine.lokean}, ${machine.cpu} x ${machine.cores}, Node ${machine.node}${quick ? ', quick' : ''}`
}

await runCommand('bench:compare', main)
