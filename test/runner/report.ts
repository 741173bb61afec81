import type { TestEvent } from 'node:test/reporters'
import { describe, indented } from './failure.ts'
import type { TestProcess } from './processes.ts'
import { isByOthers, isSuite, place, type Told } from './told.ts'

/** The time between two lines that say how many tests have ended. */
const PROGRESS_MS = 10_000
/** The number of characters that are shown of what the process of a failed test wrote: the last ones. */
const OUTPUT_SHOWN = 4_000

export interface Outcome { passed: number, failed: number, skipped: number }

interface Failure { where: string, text: string, remarks: string[] }

/**
 * Reports a run of node:test to somebody who waits for it. It says now and then how many tests have ended. It names a
 * test that fails at once, and says at the end why it failed. The last line has the counts.
 */
export class Report {
  readonly outcome: Outcome = { passed: 0, failed: 0, skipped: 0 }
  readonly #processes: readonly TestProcess[]
  readonly #write: (text: string) => void
  readonly #now: () => number
  readonly #began: number
  readonly #failures: Failure[] = []
  readonly #skipped: string[] = []
  /** What processes wrote. */
  readonly #output = new Map<TestProcess, string>()
  /** Diagnostics of no particular test. */
  readonly #remarks: string[] = []
  /** Tests that have begun and not ended. */
  readonly #running = new Set<string>()
  /** The names of the test that is reported now, and before it those of the tests around it. */
  readonly #path: string[] = []
  #last: Failure | undefined
  #ended = 0
  #saidAt: number

  constructor (processes: readonly TestProcess[], write: (text: string) => void, now: () => number = () => performance.now()) {
    this.#processes = processes
    this.#write = write
    this.#now = now
    this.#began = this.#saidAt = now()
  }

  /**
   * Takes the next event. Events of running tests come as they happen. Passes, failures and diagnostics come in order:
   * process by process, test by test.
   */
  take (event: TestEvent): void {
    const { type, data } = event
    if (type === 'test:dequeue') this.#running.add(named(data))
    else if (type === 'test:complete') this.#completed(data)
    else if (type === 'test:start') this.#path.splice(data.nesting, Infinity, data.name)
    else if (type === 'test:pass') this.#told(data, false)
    else if (type === 'test:fail') this.#told(data, data.todo === undefined)
    else if (type === 'test:diagnostic') this.#remarked(data.message, place(data))
    else if (type === 'test:stdout' || type === 'test:stderr') this.#wrote(data.file, data.message)
  }

  /** Writes what failed, and the counts. Must be called after the last event. */
  end (): void {
    const { passed, failed, skipped } = this.outcome
    for (const { where, text, remarks } of this.#failures) this.#write(`\nFAILED ${where}\n${indented([text, ...remarks].join('\n'))}\n`)
    for (const [{ files }, text] of this.#output) {
      if (files.some(file => this.failedFiles().includes(file))) {
        this.#write(`\nOUTPUT ${files.join(' ')}\n${indented(text.trimEnd())}\n`)
      }
    }
    if (failed > 0 && this.#remarks.length > 0) this.#write(`\nREMARKS\n${indented(this.#remarks.join('\n'))}\n`)
    this.#write('\n')
    for (const one of this.#skipped) this.#write(`skipped ${one}\n`)
    const files = this.#processes.reduce((sum, { files }) => sum + files.length, 0)
    this.#write(`${files} test file${files === 1 ? '' : 's'} took ${this.#seconds()} s\n`)
    this.#write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
  }

  /** The files of the tests that failed, and all files of a process that failed as a whole. */
  failedFiles (): string[] {
    return this.#processes.flatMap(({ files }) => files).filter(file => this.#failures.some(({ where }) => where.includes(file)))
  }

  #completed (data: Told): void {
    this.#running.delete(named(data))
    if (this.#whole(data.name) !== undefined || isSuite(data)) return
    this.#ended++
    if (data.details.passed === false && data.todo === undefined && !isByOthers(data)) this.#say(`FAILED ${named(data)}`)
    else if (this.#now() - this.#saidAt >= PROGRESS_MS) this.#say(`${this.#seconds()} s: ${this.#ended} tests`)
  }

  #told (data: Told, failed: boolean): void {
    this.#last = undefined
    const whole = this.#whole(data.name)
    if (whole !== undefined) {
      if (failed) this.#fail(whole.files.join(' '), this.#endOf(whole, data))
      return
    }
    const where = `${place(data)} ${this.#path.slice(0, data.nesting + 1).join(' > ')}`
    const reason = data.skip ?? data.todo
    if (failed && !isByOthers(data)) this.#fail(where, describe(data.details.error))
    else if (!isSuite(data)) this.outcome[failed ? 'failed' : reason === undefined ? 'passed' : 'skipped']++
    if (reason !== undefined) this.#skipped.push(typeof reason === 'string' ? `${where}: ${reason}` : where)
  }

  #fail (where: string, text: string): void {
    this.outcome.failed++
    this.#last = { where, text, remarks: [] }
    this.#failures.push(this.#last)
  }

  /** Says how a process failed, and which of its tests had begun and not ended: one of them may be the cause. */
  #endOf ({ files }: TestProcess, { details: { error } }: Told): string {
    const running = [...this.#running].filter(test => files.some(file => test.startsWith(file))).map(test => `in ${test}`)
    const how = error?.exitCode === undefined ? describe(error) : `the process ended with ${error.signal ?? `exit code ${error.exitCode}`}`
    return [how, ...running].join('\n')
  }

  #wrote (entry: string, text: string): void {
    const whole = this.#whole(entry)
    if (whole !== undefined) this.#output.set(whole, `${this.#output.get(whole) ?? ''}${text}`.slice(-OUTPUT_SHOWN))
  }

  #remarked (text: string, where: string): void {
    if (/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) \d/.test(text)) return
    if (where !== '' && this.#last?.where.startsWith(where) === true) this.#last.remarks.push(text)
    else if (where === '') this.#remarks.push(text)
  }

  /** Returns the process whose entry the path is. */
  #whole (path: string): TestProcess | undefined {
    return this.#processes.find(({ entry }) => path.endsWith(`/${entry}`))
  }

  #say (text: string): void {
    this.#saidAt = this.#now()
    this.#write(`${text}\n`)
  }

  #seconds (): string {
    return ((this.#now() - this.#began) / 1000).toFixed(1)
  }
}

function named (data: { name: string, file?: string, line?: number }): string {
  return `${place(data)} ${data.name}`
}
