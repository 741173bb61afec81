import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

/** The functions that a bench process offers to its parent, by name. They take and return plain data. */
export type Methods = Record<string, (...args: never[]) => unknown>
type Result<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never
type Arguments<F> = F extends (...args: infer A) => unknown ? A : never

interface Request { id: number, method: string, args: unknown[] }
type Reply = { id: number, value: unknown } | { id: number, error: string }

/** Bytes of stderr that are kept, to show why a process died. */
const STDERR_KEPT = 16 * 1024
const CLOSE_TIMEOUT_MS = 3_000

/** A child process of the bench, called over its IPC channel. */
export class Child<M extends Methods> {
  /** Rejects when the process ends without being asked. */
  readonly failed: Promise<never>
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void, reject: (error: Error) => void }>()
  readonly #gone: Promise<unknown>
  #stderr = ''
  #nextId = 0
  #closing = false

  /**
   * `url` is the module beside the caller, with the caller's own extension. `through` is a command that executes its
   * arguments.
   */
  constructor (name: string, url: URL, env: NodeJS.ProcessEnv = process.env, through: readonly string[] = []) {
    const [execPath, ...execArgv] = [...through, process.execPath, ...process.execArgv]
    this.#child = fork(url, { env, execPath, execArgv, stdio: ['ignore', 'inherit', 'pipe', 'ipc'], serialization: 'advanced' })
    const stderr = this.#child.stderr as Readable
    stderr.setEncoding('utf8').on('data', (text: string) => { this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT) })
    this.#child.on('message', (reply: Reply) => this.#answered(reply))
    // The event `close` would not do: it never comes once the channel is disconnected from here.
    this.#gone = Promise.all([once(this.#child, 'exit'), once(stderr, 'close')])
    this.failed = this.#gone.then(() => this.#ended(name))
    this.failed.catch(() => {}) // an unawaited failure must not crash the parent
  }

  /** Rejects with the error of the method, or when the process ends before it answers. */
  async call<N extends keyof M & string> (method: N, ...args: Arguments<M[N]>): Promise<Result<M[N]>> {
    const id = this.#nextId++
    return await new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error(`the process that has ${method} is gone: ${this.#stderr.trim()}`))
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#child.send({ id, method, args })
    })
  }

  async close (): Promise<void> {
    this.#closing = true
    if (this.#child.connected) this.#child.disconnect()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_TIMEOUT_MS)
    await this.#gone
    clearTimeout(timer)
  }

  /** Never resolves where the process was asked to end. */
  async #ended (name: string): Promise<never> {
    const { exitCode, signalCode } = this.#child
    const error = new Error(`the ${name} process ended (${signalCode ?? `exit code ${exitCode}`}): ${this.#stderr.trim()}`)
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    if (this.#closing) await new Promise(() => {})
    throw error
  }

  #answered (reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('error' in reply) waiting?.reject(new Error(reply.error))
    else waiting?.resolve(reply.value)
  }
}

/**
 * Returns the URL of a process's module. tsc rewrites the extension in an import but not in a URL, so the extension is
 * taken from the asking module.
 */
export function beside (name: string, importMetaUrl: string): URL {
  return new URL(`./${name}${importMetaUrl.slice(importMetaUrl.lastIndexOf('.'))}`, importMetaUrl)
}

/**
 * Answers calls in the child until the parent disconnects or dies; then the process ends. An error outside a call ends
 * it too.
 */
export function serve (methods: Methods): void {
  process.on('message', ({ id, method, args }: Request) => {
    Promise.resolve().then(() => methods[method](...args as never[])).then(
      value => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.stack ?? error.message : String(error) })
    )
  })
  process.on('disconnect', () => process.exit())
  // Ctrl-C reaches the whole process group, but the parent decides when its children end.
  process.on('SIGINT', () => {})
}
