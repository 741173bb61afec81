import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { FrameTaker, PIPE, type UnixReport } from './unixgram-pipe.ts'

interface Handlers {
  /** What a message may cost now. */
  room (): number
  report (report: UnixReport): void
  message (message: Uint8Array, cost: number): void
  /** Called once, when it is gone and all that it had written has been taken. */
  ended (how: string): void
}

/** How long it may take to go by itself, once nobody reads what it writes. */
const PATIENCE_MS = 2_000

/** One process that reads the socket at a path. It ends when this one does, however that comes about: the pipes between them close then. */
export class UnixgramProcess {
  readonly #child: ChildProcess
  readonly #pipe: Readable
  readonly #frames: FrameTaker
  readonly #handlers: Handlers
  readonly #gone: Promise<void>
  #closed = false

  /** Throws where the system cannot start one. */
  constructor (path: string, handlers: Handlers) {
    // The specifier is not rewritten by the compiler, so the process's file ends as this one does.
    const entry = fileURLToPath(new URL(`./unixgram.process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url))
    // What it has no need to know, it does not.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LOKEAN_')))
    this.#child = spawn(process.execPath, [entry, path], { stdio: ['pipe', 'ignore', 'inherit', 'pipe'], env })
    this.#handlers = handlers
    this.#pipe = this.#child.stdio[PIPE] as Readable
    this.#frames = new FrameTaker(this.#pipe)
    this.#pipe.on('readable', () => this.take()).on('error', () => {})
    this.#child.stdin?.on('error', () => {}) // it is gone, and that is told
    this.#gone = new Promise(resolve => {
      const ended = (how: string): void => {
        this.#child.removeAllListeners()
        this.#pipe.destroy()
        this.#child.stdin?.destroy()
        resolve()
        if (!this.#closed) handlers.ended(how)
      }
      this.#child.on('error', error => ended(error.message))
      this.#child.on('close', (code, signal) => ended(signal ?? `exit code ${code}`))
    })
  }

  begin (): void {
    this.#child.stdin?.write('\n')
  }

  /** It reads what the kernel has, and ends. */
  stop (): void {
    this.#child.stdin?.end()
  }

  /** Takes what it has written, as far as there is room. */
  take (): void {
    while (!this.#closed) {
      const frame = this.#frames.next(this.#handlers.room())
      if (frame === undefined) return
      if (frame.cost > 0) this.#handlers.message(frame.payload, frame.cost)
      else this.#handlers.report(JSON.parse(frame.payload.toString()) as UnixReport)
    }
  }

  /** Ends it, with what it holds. */
  async close (): Promise<void> {
    this.#closed = true
    this.#pipe.destroy()
    this.#child.stdin?.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS)
    await this.#gone
    clearTimeout(timer)
  }
}
