import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { join } from 'node:path'
import { Conditions } from '../../src/embedded/bus/conditions.ts'
import type { Cleanup } from './cleanup.ts'
import type { LogLine } from './collected-log.ts'

export interface Exit { code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string }

/** A program that hangs is killed after this long, unless its test says otherwise, and whoever waits for it fails with what it said. */
const HANGS_AFTER_MS = 40_000
/** For tests that wait for a bus as well. */
export const BOUNDED = { timeout: 60_000 }

/** The built program in a process of its own, seen as an operator sees it: output, exit code, signals, the admin port. */
export class Program {
  readonly exited: Promise<Exit>
  #stdout = ''
  #stderr = ''
  #exit: Exit | undefined
  readonly #child: ChildProcessWithoutNullStreams
  readonly #conditions = new Conditions(() => {})

  /** Starts `lokean <args>` with nothing in its environment but `env`, on the Node that runs this. Killed after the test. `through`: a command that becomes it. */
  constructor (cleanup: Cleanup, args: readonly string[], env: Readonly<Record<string, string>> = {}, stdin = '', { through = [], hangsAfterMs = HANGS_AFTER_MS }: { through?: readonly string[], hangsAfterMs?: number } = {}) {
    const [command, ...rest] = [...through, process.execPath, join('dist', 'main.js'), ...args]
    this.#child = spawn(command, rest, { env: { PATH: process.env.PATH, ...env } })
    const ended = once(this.#child, 'close')
    const guard = setTimeout(() => this.kill('SIGKILL'), hangsAfterMs)
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => { this.#stdout += text; this.#conditions.changed() })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => { this.#stderr += text; this.#conditions.changed() })
    this.#child.stdin.on('error', () => {}) // it need not read what it is given
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

  /** As long as it runs. */
  get pid (): number { return this.#child.pid as number }

  /** Undefined while it runs. */
  get exit (): Exit | undefined { return this.#exit }

  kill (signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(signal)
  }

  /** Sends the signal and waits for the end. */
  async stop (signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.kill(signal)
    return await this.exited
  }

  /** The lines of its log so far. */
  log (): LogLine[] {
    return this.#stdout.split('\n').slice(0, -1).map(line => JSON.parse(line) as LogLine)
  }

  /** The first line of the log with this message, as soon as it is there. */
  async logged (msg: string, where: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    return await this.#wait(`logged ${JSON.stringify(msg)}`, () => this.log().find(line => line.msg === msg && where(line)))
  }

  /** The match in what it has written to stderr, as soon as there is one. */
  async said (pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#wait(`said ${pattern.source}`, () => pattern.exec(this.#stderr) ?? undefined)
  }

  /** Where its admin port listens, once it is up. */
  async admin (): Promise<string> {
    return String((await this.logged('lokean is up')).admin)
  }

  /** The status and body of `path` at its admin port. */
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
export async function lokean (cleanup: Cleanup, args: readonly string[], env: Readonly<Record<string, string>> = {}, stdin = ''): Promise<Exit> {
  return await new Program(cleanup, args, env, stdin).exited
}

/** `run`, on an admin port of its own; `env` wins. */
export function startRun (cleanup: Cleanup, env: Readonly<Record<string, string>>, flags: readonly string[] = [], hangsAfterMs?: number): Program {
  return new Program(cleanup, ['run', ...flags], { LOKEAN_ADMIN_ADDR: '127.0.0.1:0', LOKEAN_WORKERS: '1', ...env }, '', { hangsAfterMs })
}

/** Over a connection of its own, so that none stays open. */
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
