/**
 * Runs test files in processes of their own and reports: node build/test/runner/main.js --in unit,integration [words of
 * paths]
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
    /** Folders below `test`, in the order in which they are begun with. */
    in: { type: 'string', default: '' },
    /** Processes. */
    'at-a-time': { type: 'string', default: String(2 * availableParallelism()) },
    /** After which a process is ended; without it, never. */
    minutes: { type: 'string' }
  }
})

const groups = values.in.split(',').flatMap(folder => share(folder, testFiles(folder, words)))
const processes = writeEntries(groups, join('build', 'test-entries'))
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
