import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'

/**
 * The part of the package unix-dgram that is used; the package has no types. The `code` of an error is the negative
 * error number that the system call returned.
 */
export interface UnixSocket {
  on (event: 'message', listener: (datagram: Buffer) => void): this
  on (event: 'error', listener: (error: Error & { code: number }) => void): this
  bind (path: string): void
  connect (path: string): void
  close (): void
}

/**
 * Throws where the package is missing or does not fit this Node. The package is optional, and is compiled where it is
 * installed.
 */
export function loadUnixDgram (): { createSocket (type: 'unix_dgram'): UnixSocket } {
  try {
    return createRequire(import.meta.url)('unix-dgram') as { createSocket (type: 'unix_dgram'): UnixSocket }
  } catch (error) {
    const [what] = (error as Error).message.split('\n')
    throw new Error(`the optional package unix-dgram cannot be loaded by Node ${process.version}. ` +
      'Where Lokean is installed, with a C++ compiler, make and Python 3 there, ' +
      `"npm rebuild unix-dgram" or "npm install unix-dgram@2.0.7 --allow-scripts=unix-dgram" makes it fit (${what})`)
  }
}

/** The name of an error number, such as ECONNREFUSED. */
export function errorName (error: { code: number }): string {
  return getSystemErrorName(error.code)
}
