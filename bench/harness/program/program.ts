import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { parseExposition } from './exposition.ts'
import { type CpuUsage, cpuUsage, memoryUsage } from './process-usage.ts'

/** What it said last is kept, to be shown if it dies. */
const OUTPUT_KEPT = 16 * 1024
const STOP_TIMEOUT_MS = 30_000

export interface ProgramOptions {
  /** The path of the built program; without it, the one of the project in whose folder this is started. */
  main?: string
  /** For its Node: `--cpu-prof`, for instance. */
  nodeArguments?: readonly string[]
  /** A Ctrl-C in the terminal does not reach it. */
  detached?: boolean
}

/** To be started in the project's folder. */
export const OWN_MAIN = join('dist', 'main.js')

/** A built program as a process of its own: what is measured. It is driven through its environment and its admin port alone, so an older one will do as well. */
export class Program {
  /** Rejects when it ends unasked. */
  readonly failed: Promise<never>
  /** Of its admin port. */
  url = ''
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
    this.failed.catch(() => {}) // who waits for it gets to know; that nobody waits is no crash
  }

  /** Resolves when it is up, which says nothing of the bus yet. */
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

  /** Name and labels, as they are written, to value. Scraping also begins a new period of the event-loop delay. */
  async metrics (): Promise<Map<string, number>> {
    return parseExposition(await text(`${this.url}/metrics`))
  }

  /** Stops it for a while, and lets it go on. */
  freeze (): void { this.#child.kill('SIGSTOP') }

  thaw (): void { this.#child.kill('SIGCONT') }

  /** Ends it by the signal; its exit code, or what ended it: SIGKILL, where it did not end in time. */
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

  /** The log says where the admin port listens. */
  async #up (): Promise<string> {
    let log = ''
    return await new Promise(resolve => {
      const look = (text: string): void => {
        log += text
        const line = log.split('\n').slice(0, -1).find(line => line.includes('"lokean is up"'))
        if (line === undefined) return
        this.#child.stdout.off('data', look)
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
