/** Measures several instances on one address. `npm run bench:instances` */
import { relative } from 'node:path'
import { print, runCommand } from '../cli/command.ts'
import { Progress } from '../cli/progress.ts'
import { peers } from '../harness/peers.ts'
import { describeMachine } from '../outcome/machine.ts'
import { INSTANCES_USAGE, parseInstancesArguments } from './arguments.ts'
import { instancesChart } from './chart.ts'
import { planOf } from './plan.ts'
import { keepResult, lostOrDoubled } from './results.ts'
import { runInstances } from './run.ts'
import { instancesSection } from './section.ts'

/** Returns the exit code. */
async function main (): Promise<number> {
  const options = parseInstancesArguments(process.argv.slice(2))
  if (options === undefined) return print(INSTANCES_USAGE)
  const progress = new Progress(process.stderr)
  const { quick } = options
  const result = await runInstances({
    plan: planOf(options), quick, machine: describeMachine(peers(process.env)), env: process.env, progress: progress.show
  })
    .finally(() => progress.end())
  print(instancesSection(result))
  if (options.save) for (const file of keepResult(result, instancesChart(result))) print(`wrote ${relative(process.cwd(), file)}\n`)
  if (options.json) print(`${JSON.stringify(result)}\n`)
  const wrong = lostOrDoubled(result)
  if (wrong > 0) process.stderr.write(`bench:instances: ${wrong} records are missing or doubled\n`)
  return wrong > 0 ? 1 : 0
}

// The child processes must end with this one, however it ends.
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) process.once(signal, () => process.exit(code))
await runCommand('bench:instances', main)
