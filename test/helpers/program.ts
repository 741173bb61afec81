import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { join } from 'node:path'
import { Conditions } from '../../src/embedded/bus/conditions.ts'
import type { Cleanup } from './cleanup.ts'
import type { LogLine } from './collected-log.ts'

export interface Exit { code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string }

/**
 * A hanging program is killed after this time, unless its test says otherwise. The waiting test fails with the
 * program's output.
 */
const HANGS_AFTER_MS = 40_000
/** The bound for tests that also wait for a bus. */
export const BOUNDED = { timeout: 60_000 }

/** The built program in a process of its own, as an operator sees it: output, exit code, signals, the admin port. */
export class Program {
  readonly exited: Promise<Exit>
  #stdout = ''
  #stderr = ''
  #exit: Exit | undefined
  readonly #child: ChildProcessWithoutNullStreams
  readonly #conditions = new Conditions(() => {})

  /**
   * Starts `lokean <args>` with no environment but `env`, on the Node of this process. It is killed after the test.
   * `through`: a command that executes it.
   */
  constructor (
    cleanup: Cleanup, args: readonly string[], env: Readonly<Record<string, string>> = {}, stdin = '',
    { through = [], hangsAfterMs = HANGS_AFTER_MS }: { through?: readonly string[], hangsAfterMs?: number } = {}
  ) {
    const [command, ...rest] = [...through, process.execPath, join('dist', 'main.js'), ...args]
    this.#child = spawn(command, rest, { env: { PATH: process.env.PATH, ...env } })
    const ended = once(this.#child, 'close')
    const guard = setTimeout(() => this.kill('SIGKILL'), hangsAfterMs)
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => { this.#stdout += text; this.#conditions.changed() })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => { this.#stderr += text; this.#conditions.changed() })
    this.#child.stdin.on('error', () => {}) // it need not read its input
    this.#child.stdin.end(stdin)
    this.exited = ended.then(([code, signal]: Array<Exit['code'] & Exit['signal']>) => {
      clearTimeout(guard)
      this.#exit = { code, signal, stdout: this.#stdout, stderr: this.#stderr }
      this.#conditions.changed()
      return this.#exit
    })
    cleanup.add(async () => {
      this.kill('SIGKILL')
      await this.exited
    })
  }

  get stdout (): string { return this.#stdout }

  get stderr (): string { return this.#stderr }

  /** Valid while the program runs. */
  get pid (): number { return this.#child.pid as number }

  /** Undefined while the program runs. */
  get exit (): Exit | undefined { return this.#exit }

  kill (signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(signal)
  }

  /** Sends the signal and waits for the program's end. */
  async stop (signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.kill(signal)
    return await this.exited
  }

  /** Returns the log lines so far. */
  log (): LogLine[] {
    return this.#stdout.split('\n').slice(0, -1).map(line => JSON.parse(line) as LogLine)
  }

  /** Resolves with the first log line of this message. */
  async logged (msg: string, where: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    return await this.#wait(`logged ${JSON.stringify(msg)}`, () => this.log().find(line => line.msg === msg && where(line)))
  }

  /** Resolves with the first match in stderr. */
  async said (pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#wait(`said ${pattern.source}`, () => pattern.exec(this.#stderr) ?? undefined)
  }

  /** Resolves with the URL of the admin port, once it is up. */
  async admin (): Promise<string> {
    return String((await this.logged('lokean is up')).admin)
  }

  /** Returns status and body of `path` at the admin port. */
  async ask (path: string): Promise<{ status: number, body: string }> {
    return await httpGet(`${await this.admin()}${path}`)
  }

  async #wait<T> (what: string, look: () => T | undefined): Promise<T> {
    let found: T | undefined
    await this.#conditions.until(() => {
      found = look()
      if (found === undefined && this.#exit !== undefined) throw new Error(`it ended before it ${what}: ${JSON.stringify(this.#exit, undefined, 1)}`)
      return found !== undefined
    })
    return found as T
  }
}

/** Runs the program to its end. */
export async function lokean (
  cleanup: Cleanup, args: readonly string[], env: Readonly<Record<string, string>> = {}, stdin = ''
): Promise<Exit> {
  return await new Program(cleanup, args, env, stdin).exited
}

/** Starts `run` with an admin port of its own. `env` wins. */
export function startRun (
  cleanup: Cleanup, env: Readonly<Record<string, string>>, flags: readonly string[] = [], hangsAfterMs?: number
): Program {
  return new Program(cleanup, ['run', ...flags], { LOKEAN_ADMIN_ADDR: '127.0.0.1:0', LOKEAN_WORKERS: '1', ...env }, '', { hangsAfterMs })
}

/** Uses a connection of its own, so that none stays open. */
export async function httpGet (url: string): Promise<{ status: number, body: string }> {
  return await new Promise((resolve, reject) => {
    get(url, { agent: false }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { body += text })
      response.once('end', () => resolve({ status: response.statusCode as number, body }))
      response.once('error', reject)
    }).once('error', reject)
  })
}
