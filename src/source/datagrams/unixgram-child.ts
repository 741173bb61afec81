import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { FrameTaker, PIPE, type UnixReport } from './unixgram-pipe.ts'

interface Handlers {
  /** The largest cost that a message may have now. */
  room (): number
  report (report: UnixReport): void
  message (message: Uint8Array, cost: number): void
  /** Called once, when the process has ended and all that it wrote is taken. */
  ended (how: string): void
}

/** After `close`, nobody reads what the process writes. It is killed where it does not end within this time. */
const PATIENCE_MS = 2_000

/**
 * The process that reads the socket at a path. It ends when this process ends for any reason: the pipes between them
 * close then.
 */
export class UnixgramChild {
  readonly #child: ChildProcess
  readonly #pipe: Readable
  readonly #frames: FrameTaker
  readonly #handlers: Handlers
  readonly #gone: Promise<void>
  #closed = false

  /** Throws where the system cannot start the process. */
  constructor (path: string, handlers: Handlers) {
    // The compiler does not rewrite this specifier. So the process's file must end as this file does.
    const entry = fileURLToPath(new URL(`./unixgram.process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url))
    // The process needs no settings, and some are secret.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LOKEAN_')))
    this.#child = spawn(process.execPath, [entry, path], { stdio: ['pipe', 'ignore', 'inherit', 'pipe'], env })
    this.#handlers = handlers
    this.#pipe = this.#child.stdio[PIPE] as Readable
    this.#frames = new FrameTaker(this.#pipe)
    this.#pipe.on('readable', () => this.take()).on('error', () => {})
    this.#child.stdin?.on('error', () => {}) // the process has ended: `ended` is called
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

  /** The process reads the datagrams that the kernel has, and ends. */
  stop (): void {
    this.#child.stdin?.end()
  }

  /** The cost of the next message, where its frame has begun to come. */
  get nextCost (): number | undefined {
    return this.#frames.cost
  }

  /** Takes the frames that the process has written, as far as there is room. */
  take (): void {
    while (!this.#closed) {
      const frame = this.#frames.next(this.#handlers.room())
      if (frame === undefined) return
      if (frame.cost > 0) this.#handlers.message(frame.payload, frame.cost)
      else this.#handlers.report(JSON.parse(frame.payload.toString()) as UnixReport)
    }
  }

  /** Ends the process. The datagrams that it holds are lost. */
  async close (): Promise<void> {
    this.#closed = true
    this.#pipe.destroy()
    this.#child.stdin?.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS)
    await this.#gone
    clearTimeout(timer)
  }
}
