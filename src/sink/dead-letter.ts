import { constants } from 'node:fs'
import { access, mkdir, open, readdir, stat, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import type { RejectedEntry } from '../worker/messages.ts'

const NAME = /^dead-letter-\d+\.ndjson$/
/** So many files share the directory's bound. The oldest file can then go, while the others stay. */
const FILES = 10

/**
 * The directory of records that Loki rejected, as NDJSON. Each line is a RejectedEntry, with the time of writing as
 * `time`. The name of a file says when it was begun (`dead-letter-1795335208123.ndjson`). When the directory holds more
 * than its bound, its oldest file is deleted.
 */
export class DeadLetters {
  readonly #dir: string
  readonly #maxBytes: number
  readonly #now: () => number
  readonly #onDeleted: (file: string) => void
  #file: FileHandle | undefined
  #fileBytes = 0
  #lastName = 0
  /** The last write. Each write waits for the one before, so that no two lines mix. */
  #tail: Promise<unknown> = Promise.resolve()

  private constructor (dir: string, maxBytes: number, now: () => number, onDeleted: (file: string) => void) {
    this.#onDeleted = onDeleted
    this.#dir = dir
    this.#maxBytes = maxBytes
    this.#now = now
  }

  /** Rejects with ConfigError where the directory cannot be made, or cannot be written to. */
  static async open (
    dir: string, maxBytes: number, now: () => number = Date.now, onDeleted: (file: string) => void = () => {}
  ): Promise<DeadLetters> {
    try {
      await mkdir(dir, { recursive: true })
      await access(dir, constants.W_OK)
    } catch (error) {
      throw new ConfigError(`LOKEAN_DEAD_LETTER_DIR=${dir}: ${(error as Error).message}; it must be a directory that this process may write to`, error)
    }
    return new DeadLetters(dir, maxBytes, now, onDeleted)
  }

  /** Resolves when the line is on disk. Rejects where it is not; the caller must then write it again. */
  async write (entry: RejectedEntry): Promise<void> {
    const line = Buffer.from(`${JSON.stringify({ time: new Date(this.#now()).toISOString(), ...entry })}\n`)
    const written = this.#tail.then(async () => await this.#append(line))
    this.#tail = written.catch(() => {})
    await written
  }

  async close (): Promise<void> {
    await this.#tail
    await this.#file?.close()
    this.#file = undefined
  }

  async #append (line: Buffer): Promise<void> {
    const full = this.#fileBytes + line.length > this.#maxBytes / FILES
    const file = this.#file === undefined || full ? await this.#rotate(line.length) : this.#file
    try {
      await file.appendFile(line)
      await file.datasync()
      if ((await file.stat()).nlink === 0) throw new Error('the dead-letter file was deleted while it was written to')
      this.#fileBytes += line.length
    } catch (error) {
      // The next attempt begins a new file: this one may end with half a line, which would spoil the next line.
      this.#file = undefined
      await file.close().catch(() => {})
      throw error
    }
  }

  async #rotate (bytes: number): Promise<FileHandle> {
    await this.#file?.close()
    this.#file = undefined
    await this.#makeRoom(Math.max(bytes, this.#maxBytes / FILES))
    this.#lastName = Math.max(this.#now(), this.#lastName + 1)
    const file = await open(join(this.#dir, `dead-letter-${this.#lastName}.ndjson`), 'a')
    this.#file = file
    this.#fileBytes = (await file.stat()).size
    return file
  }

  async #makeRoom (bytes: number): Promise<void> {
    const names = (await readdir(this.#dir)).filter(name => NAME.test(name))
      .sort((a, b) => Number(a.slice(12, -7)) - Number(b.slice(12, -7)))
    const files = await Promise.all(names.map(async name => ({ name, size: (await stat(join(this.#dir, name))).size })))
    let total = files.reduce((sum, { size }) => sum + size, 0)
    for (const { name, size } of files) {
      if (total <= this.#maxBytes - bytes) break
      await unlink(join(this.#dir, name))
      this.#onDeleted(name)
      total -= size
    }
  }
}
