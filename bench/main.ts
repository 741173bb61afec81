/** Measures this Lokean on this machine, or with a real bus and a real Loki. `npm run bench` */
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { BENCH_USAGE, parseBenchArguments } from './arguments.ts'
import { print, runCommand } from './cli/command.ts'
import { Progress } from './cli/progress.ts'
import { peers } from './harness/peers.ts'
import { describeMachine } from './outcome/machine.ts'
import { renew } from './outcome/renew.ts'
import { BASELINE, LATEST, readResult, RESULTS, writeResult } from './outcome/result-files.ts'
import type { BenchResult } from './outcome/results.ts'
import { gateFailures } from './report/gate.ts'
import { summary } from './report/summary.ts'
import { lostOrDoubled } from './report/targets.ts'
import { writePage } from './report/write-page.ts'
import { SUITES } from './suites/names.ts'
import { runSuites } from './suites/run.ts'

/** Returns the exit code. */
async function main (): Promise<number> {
  const options = parseBenchArguments(process.argv.slice(2))
  if (options === undefined) return print(BENCH_USAGE)
  const progress = new Progress(process.stderr)
  const machine = describeMachine(peers(process.env))
  const result = await runSuites(options.suites, machine, { quick: options.quick, progress: progress.show }).finally(() => progress.end())
  print(summary(result))
  const written: string[] = []
  if (options.save) {
    const saved = options.suites.length < SUITES.length && existsSync(LATEST) ? renew(readResult(LATEST), result) ?? result : result
    writeResult(LATEST, saved)
    written.push(LATEST, ...writePage(RESULTS, saved))
  }
  if (options.saveBaseline) {
    writeResult(BASELINE, result)
    written.push(BASELINE)
  }
  for (const file of written) print(`wrote ${relative(process.cwd(), file)}\n`)
  if (options.json) print(`${JSON.stringify(result)}\n`)
  const faults = options.gate ? gateFailures(result) : lost(result)
  for (const fault of faults) process.stderr.write(`bench: ${fault}\n`)
  return faults.length > 0 ? 1 : 0
}

function lost (result: BenchResult): string[] {
  const wrong = lostOrDoubled(result) ?? 0
  return wrong > 0 ? [`${wrong} records are missing or doubled`] : []
}

// The child processes of the suites must end with this one, however it ends.
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) process.once(signal, () => process.exit(code))
await runCommand('bench', main)
