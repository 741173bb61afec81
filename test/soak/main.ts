/** Makes random faults for as long as asked, and reconciles every record. `npm run soak` */
import { print, runCommand } from '../../bench/cli/command.ts'
import { Progress } from '../../bench/cli/progress.ts'
import { parseSoakArguments, SOAK_USAGE } from './arguments.ts'
import { progressLine, soakReport, wrong } from './report.ts'
import { runSoak } from './soak.ts'

const PLAIN_PROGRESS_MS = 10_000
/** The width of the elapsed time in front of a line. */
const CLOCK_WIDTH = 8

/** Returns the exit code. */
async function main (): Promise<number> {
  const options = parseSoakArguments(process.argv.slice(2))
  if (options === undefined) return print(SOAK_USAGE)
  const progress = new Progress(process.stderr)
  progress.show(`seed ${options.seed}, ${options.rate} records/s`)
  // A line wider than the terminal could not be written over.
  const show = process.stderr.isTTY
    ? (text: string) => progress.show(text.slice(0, process.stderr.columns - CLOCK_WIDTH))
    : nowAndThen(progress.show)
  const result = await runSoak({ ...options, stopping: onSignals(), onProgress: now => show(progressLine(now)) })
    .finally(() => progress.end())
  print(soakReport(result))
  if (options.json) print(`${JSON.stringify(result)}\n`)
  if (wrong(result) === 0) return 0
  process.stderr.write(`soak: ${wrong(result)} records are missing, doubled or worse; seed ${options.seed}\n`)
  return 1
}

/** The first signal ends the soak in order, the second at once. */
function onSignals (): AbortSignal {
  const stopping = new AbortController()
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted) process.exit(code)
      stopping.abort()
    })
  }
  return stopping.signal
}

function nowAndThen (show: (text: string) => void): (text: string) => void {
  let last = -Infinity
  return text => {
    if (performance.now() - last < PLAIN_PROGRESS_MS) return
    last = performance.now()
    show(text)
  }
}

await runCommand('soak', main)
