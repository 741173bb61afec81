import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Conditions } from '../../src/embedded/bus/conditions.ts'
import { Cleanup } from '../helpers/cleanup.ts'

/** How much output a failed test shows. */
const TAIL = 8_000

export interface PeerOptions {
  /** Variables beside PATH. */
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** Matches the output of a server that is ready. */
  ready?: RegExp
}

/** The test runner ends a slow file by SIGTERM. The servers must end then too. */
process.once('SIGTERM', () => process.exit(143))

/**
 * A foreign server for one test, killed at the end. It gets a process group of its own, since some servers start
 * others. A failed test shows the end of its output.
 */
export class PeerProcess {
  readonly exited: Promise<unknown>
  readonly #child: ChildProcess
  readonly #name: string
  #output = ''
  #gone = false
  readonly #conditions = new Conditions(() => {})

  private constructor (t: TestContext, command: string, args: readonly string[], { env, cwd }: PeerOptions) {
    this.#name = command
    this.#child = spawn(command, args, { env: { PATH: process.env.PATH, ...env }, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    this.exited = once(this.#child, 'close').finally(() => {
      this.#gone = true
      process.off('exit', killed)
      this.#conditions.changed()
    })
    const killed = (): void => this.kill('SIGKILL')
    process.once('exit', killed)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#said(text))
    }
    Cleanup.of(t).add(async () => {
      this.kill('SIGKILL')
      await this.exited
      // Node has the field since 20.12; the types lack it.
      if ((t as { error?: unknown }).error == null) return
      t.diagnostic(`${command} said:`)
      for (const line of this.#output.slice(-TAIL).split('\n')) t.diagnostic(line)
    })
  }

  /** Resolves when the server is ready. */
  static async start (t: TestContext, command: string, args: readonly string[], options: PeerOptions = {}): Promise<PeerProcess> {
    const peer = new PeerProcess(t, command, args, options)
    if (options.ready !== undefined) await peer.said(options.ready)
    return peer
  }

  /** All output so far. */
  get output (): string { return this.#output }

  /** Resolves when the output matches. Fails where the server ends before. */
  async said (pattern: RegExp): Promise<void> {
    await this.#conditions.until(() => {
      const said = pattern.test(this.#output)
      if (!said && this.#gone) throw new Error(`${this.#name} ended before it said ${pattern.source}:\n${this.#output.slice(-TAIL)}`)
      return said
    })
  }

  /** SIGKILL goes to the whole group, because the server then cannot end its children. */
  kill (signal: NodeJS.Signals): void {
    if (this.#gone || this.#child.pid === undefined) return
    try {
      process.kill(signal === 'SIGKILL' ? -this.#child.pid : this.#child.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  async stop (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.kill(signal)
    await this.exited
  }

  #said (text: string): void {
    this.#output += text
    this.#conditions.changed()
  }
}

/** Returns different ports that were free a moment ago, for servers that cannot choose a port themselves. */
export async function freePorts (count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  return await Promise.all(servers.map(async server => {
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    return port
  }))
}

/** Makes a folder that is removed after the test. */
export function folder (t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'lokean-interop-'))
  Cleanup.of(t).add(() => rmSync(path, { recursive: true, force: true }))
  return path
}
