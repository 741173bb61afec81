/**
 * Runs test files in processes of their own, and reports: node build/test/runner/main.js --in unit,integration [words]
 * Only files whose path has one of the words are run; without words, all.
 * With LOKEAN_TEST_AGAIN=1, a few files that failed are run once more, each by itself, and that run decides. Such files
 * are named as unstable in the last line.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { run } from 'node:test'
import { parseArgs } from 'node:util'
import { share, testFiles, writeEntries } from './processes.ts'
import { Report } from './report.ts'

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    /** Folders below `test`, comma-separated. Their tests start in this order. */
    in: { type: 'string', default: '' },
    /** The number of processes that run at a time. */
    'at-a-time': { type: 'string', default: String(2 * availableParallelism()) },
    /** A process that takes longer is ended. Default: no limit. */
    minutes: { type: 'string' }
  }
})

/** As many as share a process, which may fail as a whole. More failed files are no chance, and are not run again. */
const MOST_AGAIN = 16

const limit = values.minutes === undefined ? undefined : Number(values.minutes) * 60_000
const isSeeded = (process.env.LOKEAN_TEST_SEED ?? '') !== ''

async function runGroups (groups: ReadonlyArray<readonly string[]>, concurrency: number): Promise<Report> {
  const processes = writeEntries(groups, join('build', 'test-entries'), isSeeded)
  const report = new Report(processes, text => process.stdout.write(text))
  const files = processes.map(({ entry }) => join(process.cwd(), entry))
  for await (const event of run({ files, concurrency, timeout: limit })) report.take(event)
  report.end()
  return report
}

const groups = values.in.split(',').flatMap(folder => share(folder, testFiles(folder, words)))
const report = await runGroups(groups, Number(values['at-a-time']))
const { passed, failed, skipped } = report.outcome
let isGood = failed === 0 && passed + skipped > 0
const files = report.failedFiles()
// What fails for what it draws fails again, as the seed is the same.
if (process.env.LOKEAN_TEST_AGAIN === '1' && files.length > 0 && files.length <= MOST_AGAIN) {
  console.log(`\nagain, one file at a time: ${files.join(' ')}\n`)
  isGood = (await runGroups(files.map(file => [file]), 1)).outcome.failed === 0
  if (isGood) console.log(`UNSTABLE ${files.join(' ')}: failed beside others, passed alone`)
}
process.exitCode = isGood ? 0 : 1
