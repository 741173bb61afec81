import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'

/** The part of the package's socket that a sender uses. */
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

/**
 * Options for a test that needs the addon. The addon is optional, and is compiled for one major version of Node.
 * `LOKEAN_TEST_ALL=1` skips nothing.
 */
export function needsUnixDgram (): { skip: string | false } {
  try {
    addon()
    return { skip: false }
  } catch (error) {
    const [what] = (error as Error).message.split('\n')
    return { skip: process.env.LOKEAN_TEST_ALL !== '1' && `unix-dgram cannot be loaded by Node ${process.version}: ${what}` }
  }
}

/** Returns a socket path in a new directory. */
export function socketPath (cleanup: Cleanup): string {
  const dir = mkdtempSync(join(tmpdir(), 'lokean-'))
  cleanup.add(() => { rmSync(dir, { recursive: true }) })
  return join(dir, 'logs.sock')
}

/** Sends to a Unix datagram socket, and waits where the kernel has no room. */
export class UnixSender {
  readonly #socket: Socket
  #closed = false
  /** How often the kernel made the sender wait. */
  waits = 0
  /** Datagrams that the kernel has taken. */
  sent = 0

  /** Throws where no program listens. */
  constructor (cleanup: Cleanup, path: string) {
    this.#socket = addon().createSocket('unix_dgram')
    cleanup.add(() => this.close())
    this.#socket.once('error', error => { throw error })
    this.#socket.connect(path)
  }

  /** Resolves when the kernel has taken the datagram. Rejects where no program listens any more. */
  async send (datagram: Uint8Array | string): Promise<void> {
    while (!await this.try(datagram)) {
      this.waits++
      await new Promise<void>(resolve => { this.#socket.once('writable', resolve) })
    }
  }

  /** Returns whether the kernel has taken the datagram. */
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
