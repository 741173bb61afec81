import { lstatSync, unlinkSync, type Stats } from 'node:fs'

/**
 * Makes way for a socket at `path`. A socket file that no process is bound to is removed: a process that is killed
 * leaves one. Anything else is left alone, and an error says what it is. `connect` tries to connect a datagram socket,
 * and returns the error code where that fails.
 */
export function makeWay (path: string, connect: (path: string) => string | undefined): void {
  const found = look(path)
  if (found === undefined) return
  if (!found.isSocket()) throw new Error('what is there is no socket, and is left alone')
  const code = connect(path)
  if (code === undefined || code === 'EPROTOTYPE') throw new Error('another process listens there')
  if (code === 'ENOENT') return
  if (code !== 'ECONNREFUSED') throw new Error(`a socket is there, and it cannot be told whether anybody listens at it (${code})`)
  try {
    unlinkSync(path)
  } catch (error) {
    throw new Error(`a socket is there at which nobody listens, and it cannot be removed (${codeOf(error)})`)
  }
}

/**
 * Remembers the file that is at `path`, and returns a function that removes it. Where another file has taken its place,
 * the function does nothing.
 */
export function removerOf (path: string): () => void {
  const made = look(path)
  return () => {
    try {
      const found = look(path)
      if (found !== undefined && found.ino === made?.ino && found.dev === made.dev) unlinkSync(path)
    } catch {} // the next process to listen there removes it
  }
}

function look (path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new Error(`cannot look at the path (${codeOf(error)})`)
  }
}

function codeOf (error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
