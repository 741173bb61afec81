import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { parseExposition } from './exposition.ts'
import { type CpuUsage, cpuUsage, memoryUsage } from './process-usage.ts'

/** Bytes of the last output that are kept, to show why the program died. */
const OUTPUT_KEPT = 16 * 1024
const STOP_TIMEOUT_MS = 30_000

export interface ProgramOptions {
  /** The path of the built program. The default is the project in the current folder. */
  main?: string
  /** Arguments for the program's Node, such as `--cpu-prof`. */
  nodeArguments?: readonly string[]
  /** A detached program does not get the terminal's Ctrl-C. */
  detached?: boolean
}

/** The path of this project's program, from the project's folder. */
export const OWN_MAIN = join('dist', 'main.js')

/**
 * The program that is measured, in a process of its own. Only its environment and its admin port drive it, so an older
 * build works as well.
 */
export class Program {
  /** Rejects when the program ends without being asked. */
  readonly failed: Promise<never>
  /** The URL of its admin port. */
  url = ''
  /** Where it listens for senders. */
  readonly ports: number[] = []
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #gone: Promise<unknown[]>
  #output = ''
  #closing = false

  private constructor (env: NodeJS.ProcessEnv, { main = OWN_MAIN, nodeArguments = [], detached = false }: ProgramOptions) {
    this.#child = spawn(process.execPath, [...nodeArguments, main, 'run'], { env, stdio: ['ignore', 'pipe', 'pipe'], detached })
    this.#gone = once(this.#child, 'close')
    process.once('exit', this.#kill)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => { this.#output = (this.#output + text).slice(-OUTPUT_KEPT) })
    }
    this.failed = new Promise((_resolve, reject) => {
      this.#child.once('close', (code: number | null, signal: string | null) => {
        process.removeListener('exit', this.#kill)
        if (!this.#closing) reject(new Error(`lokean ended (${signal ?? `exit code ${code}`}): ${this.#output.trim()}`))
      })
    })
    this.failed.catch(() => {}) // an unawaited failure must not crash the bench
  }

  /** Resolves when the program is up. It may not have reached the bus yet. */
  static async start (env: NodeJS.ProcessEnv, options: ProgramOptions = {}): Promise<Program> {
    const program = new Program(env, options)
    try {
      program.url = await Promise.race([program.#up(), program.failed])
      return program
    } catch (error) {
      await program.close()
      throw error
    }
  }

  get pid (): number { return this.#child.pid as number }

  cpu (): CpuUsage | undefined { return cpuUsage(this.pid) }

  memory (): { peakMb: number, nowMb: number } | undefined { return memoryUsage(this.pid) }

  /** Returns values by name with labels, as written. Each scrape starts a new period of the event-loop delay. */
  async metrics (): Promise<Map<string, number>> {
    return parseExposition(await text(`${this.url}/metrics`))
  }

  /** Stops the program until `thaw`. */
  freeze (): void { this.#child.kill('SIGSTOP') }

  thaw (): void { this.#child.kill('SIGCONT') }

  /**
   * Ends the program by the signal. Returns its exit code or the signal that ended it: SIGKILL where it did not end in
   * time.
   */
  async stop (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | NodeJS.Signals> {
    this.#closing = true
    this.#child.kill(signal)
    const timer = setTimeout(this.#kill, STOP_TIMEOUT_MS)
    const [code, ended] = await this.#gone as [number | null, NodeJS.Signals | null]
    clearTimeout(timer)
    return code ?? ended as NodeJS.Signals
  }

  async close (): Promise<void> {
    if (this.#child.pid !== undefined && !this.#closing) await this.stop('SIGTERM')
    else await this.#gone.catch(() => {})
  }

  readonly #kill = (): void => { this.#child.kill('SIGKILL') }

  /** Waits for the log line that names the admin port. Those of listeners come before it. */
  async #up (): Promise<string> {
    let log = ''
    return await new Promise(resolve => {
      const look = (text: string): void => {
        log += text
        const lines = log.split('\n').slice(0, -1)
        const line = lines.find(line => line.includes('"lokean is up"'))
        if (line === undefined) return
        this.#child.stdout.off('data', look)
        for (const one of lines) if (one.includes('"listening for senders')) this.ports.push((JSON.parse(one) as { port: number }).port)
        resolve((JSON.parse(line) as { admin: string }).admin)
      }
      this.#child.stdout.on('data', look)
    })
  }
}

async function text (url: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    get(url, { agent: false }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { body += text })
      response.once('end', () => resolve(body))
      response.once('error', reject)
    }).once('error', reject)
  })
}
