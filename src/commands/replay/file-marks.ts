import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigError } from '../../errors.ts'
import type { Marked, Marks } from './marks.ts'

const ID = /^[0-9a-f]{32}$/

/**
 * Marks in a file: an id a line. Each write is on disk before it counts. A write that was cut off leaves a line that is
 * no id, and is passed over.
 */
export class FileMarks implements Marks {
  readonly #handle: FileHandle
  readonly #ids: Set<string>

  private constructor (handle: FileHandle, ids: Set<string>) {
    this.#handle = handle
    this.#ids = ids
  }

  /** Makes the file where it is missing, unless it is only read. Rejects with ConfigError where that cannot be. */
  static async open (path: string, readOnly: boolean): Promise<Marks> {
    try {
      const handle = await open(path, readOnly ? 'r' : 'a+', 0o600)
      const text = await handle.readFile('utf8')
      if (!readOnly) await prepare(handle, path, text)
      return new FileMarks(handle, new Set(text.split('\n').filter(line => ID.test(line))))
    } catch (error) {
      if (readOnly && (error as NodeJS.ErrnoException).code === 'ENOENT') return NO_MARKS
      throw new ConfigError(`--state ${JSON.stringify(path)}: ${(error as Error).message}`, error)
    }
  }

  async load (): Promise<void> {
    await Promise.resolve()
  }

  has (id: string): boolean {
    return this.#ids.has(id)
  }

  async add (marked: readonly Marked[]): Promise<void> {
    await this.#handle.appendFile(marked.map(({ id }) => `${id}\n`).join(''))
    await this.#handle.datasync()
    for (const { id } of marked) this.#ids.add(id)
  }

  async close (): Promise<void> {
    await this.#handle.close()
  }
}

/** A line that was cut off ends here, and the name of the file is on disk. */
async function prepare (handle: FileHandle, path: string, text: string): Promise<void> {
  if (text !== '' && !text.endsWith('\n')) await handle.appendFile('\n')
  await handle.sync()
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } catch (error) {
    // Some file systems cannot say it.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
  } finally {
    await directory.close()
  }
}

const NO_MARKS: Marks = {
  load: async () => { await Promise.resolve() },
  has: () => false,
  add: async () => { await Promise.reject(new Error('marks were opened for reading')) },
  close: async () => { await Promise.resolve() }
}
