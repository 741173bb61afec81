/**
 * What a change did: to the figures of two results that are kept, or to a program beside an earlier one.
 * `npm run bench:compare`
 */
import { print, runCommand } from '../cli/command.ts'
import { Progress } from '../cli/progress.ts'
import { OWN_MAIN } from '../harness/program/program.ts'
import { hostMachine } from '../outcome/machine.ts'
import { BASELINE, LATEST, readResult } from '../outcome/result-files.ts'
import type { BenchResult } from '../outcome/results.ts'
import { COMPARE_USAGE, type ComparePrograms, type CompareResults, parseCompareArguments } from './arguments.ts'
import { CASES } from './cases.ts'
import { Checkout } from './checkout.ts'
import { compareResults, comparisonText, failures } from './comparison.ts'
import { measurePairs, type PairedResult } from './pairs.ts'
import { pairedFailures, pairedText } from './pairs-text.ts'

/** The exit code. */
async function main (): Promise<number> {
  const options = parseCompareArguments(process.argv.slice(2))
  if (options === undefined) return print(COMPARE_USAGE)
  const worse = options.kind === 'results' ? ofResults(options) : await ofPrograms(options)
  if (worse.length === 0) return 0
  process.stderr.write(`Worse by more than ${options.failOver} %:\n${worse.map(line => `  ${line}\n`).join('')}`)
  return 1
}

/** Returns the figures that got worse by more than `failOver`. */
function ofResults ({ before = BASELINE, after = LATEST, failOver = Infinity }: CompareResults): string[] {
  const [earlier, later] = [readResult(before), readResult(after)]
  const comparison = compareResults(earlier, later)
  print(`before: ${describe(earlier)}\nafter:  ${describe(later)}\n\n${comparisonText(comparison)}`)
  return failures(comparison, failOver).map(({ name }) => name)
}

function describe ({ at, machine, quick }: BenchResult): string {
  return `${at}, Lokean ${machine.lokean}, ${machine.cpu} x ${machine.cores}, Node ${machine.node}${quick ? ', quick' : ''}`
}

/** Returns the figures that got worse by more than `failOver`. */
async function ofPrograms ({ against, pairs, json, failOver = Infinity }: ComparePrograms): Promise<string[]> {
  const [at, machine] = [new Date().toISOString(), hostMachine()]
  const progress = new Progress(process.stderr)
  let checkout: Checkout | undefined
  try {
    checkout = await Checkout.build(process.cwd(), against, progress.show)
    const cases = await measurePairs({ cases: CASES, programs: { before: checkout.main, after: OWN_MAIN }, pairs, progress: progress.show })
    const result: PairedResult = { at, machine, against: checkout.commit, pairs, cases }
    progress.end()
    print(pairedText(result))
    if (json) print(`${JSON.stringify(result)}\n`)
    return pairedFailures(result, failOver)
  } finally {
    progress.end()
    // Last: thousands of files take their time on some disks.
    checkout?.remove()
  }
}

// The processes that it started, and the checkout, go with this one, however it ends.
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) process.once(signal, () => process.exit(code))
await runCommand('bench:compare', main)
