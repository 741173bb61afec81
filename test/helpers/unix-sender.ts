import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'

/** The package's own socket, as far as a sender needs it. */
interface Socket {
  once (event: 'error', listener: (error: Error) => void): this
  once (event: 'writable', listener: () => void): this
  removeAllListeners (event: string): this
  connect (path: string): void
  send (datagram: Uint8Array, done: (error?: Error & { code: number }) => void): void
  close (): void
}

function addon (): { createSocket (type: string): Socket } {
  return createRequire(import.meta.url)('unix-dgram') as { createSocket (type: string): Socket }
}

/** For a test's options: the addon is optional, and compiled for one major version of Node. Not skipped with `LOKEAN_TEST_ALL=1`. */
export function needsUnixDgram (): { skip: string | false } {
  try {
    addon()
    return { skip: false }
  } catch (error) {
    const [what] = (error as Error).message.split('\n')
    return { skip: process.env.LOKEAN_TEST_ALL !== '1' && `unix-dgram cannot be loaded by Node ${process.version}: ${what}` }
  }
}

/** A path for a socket, in a directory of its own. */
export function socketPath (cleanup: Cleanup): string {
  const dir = mkdtempSync(join(tmpdir(), 'lokean-'))
  cleanup.add(() => { rmSync(dir, { recursive: true }) })
  return join(dir, 'logs.sock')
}

/** Sends to a Unix datagram socket, and waits where the kernel has no room. */
export class UnixSender {
  readonly #socket: Socket
  #closed = false
  /** Times that the kernel had it wait. */
  waits = 0
  /** Taken by the kernel. */
  sent = 0

  /** Throws where nobody listens. */
  constructor (cleanup: Cleanup, path: string) {
    this.#socket = addon().createSocket('unix_dgram')
    cleanup.add(() => this.close())
    this.#socket.once('error', error => { throw error })
    this.#socket.connect(path)
  }

  /** Resolves when the kernel has taken it; rejects where nobody listens any more. */
  async send (datagram: Uint8Array | string): Promise<void> {
    while (!await this.try(datagram)) {
      this.waits++
      await new Promise<void>(resolve => { this.#socket.once('writable', resolve) })
    }
  }

  /** Whether the kernel has taken it. */
  async try (datagram: Uint8Array | string): Promise<boolean> {
    return await new Promise((resolve, reject) => {
      this.#socket.send(Buffer.from(datagram), error => {
        if (error === undefined) this.sent++
        if (error === undefined || error.code === 1) resolve(error === undefined)
        else reject(error)
      })
    })
  }

  close (): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
  }
}
