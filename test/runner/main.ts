/**
 * Runs test files in processes of their own, and reports: node build/test/runner/main.js --in unit,integration [words]
 * Only files whose path has one of the words are run; without words, all.
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

const groups = values.in.split(',').flatMap(folder => share(folder, testFiles(folder, words)))
const isSeeded = (process.env.LOKEAN_TEST_SEED ?? '') !== ''
const processes = writeEntries(groups, join('build', 'test-entries'), isSeeded)
const report = new Report(processes, text => process.stdout.write(text))
const events = run({
  files: processes.map(({ entry }) => join(process.cwd(), entry)),
  concurrency: Number(values['at-a-time']),
  timeout: values.minutes === undefined ? undefined : Number(values.minutes) * 60_000
})
for await (const event of events) report.take(event)
report.end()
const { passed, failed, skipped } = report.outcome
process.exitCode = failed > 0 || passed + skipped === 0 ? 1 : 0
