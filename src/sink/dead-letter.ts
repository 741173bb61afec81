import { constants } from 'node:fs'
import { access, mkdir, open, readdir, stat, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import type { RejectedEntry } from '../worker/messages.ts'

const NAME = /^dead-letter-\d+\.ndjson$/
/** The directory's bound is shared out among so many files, so that the oldest can go while the rest stays. */
const FILES = 10

/**
 * What Loki refuses for good, as NDJSON: one RejectedEntry a line, with the time it was written as `time`. Files are called by the time
 * they were begun (`dead-letter-1795335208123.ndjson`); when the directory holds more than its bound, the oldest goes.
 */
export class DeadLetters {
  readonly #dir: string
  readonly #maxBytes: number
  readonly #now: () => number
  readonly #onDeleted: (file: string) => void
  #file: FileHandle | undefined
  #fileBytes = 0
  #lastName = 0
  /** Writes follow one another: a line is whole before the next begins. */
  #tail: Promise<unknown> = Promise.resolve()

  private constructor (dir: string, maxBytes: number, now: () => number, onDeleted: (file: string) => void) {
    this.#onDeleted = onDeleted
    this.#dir = dir
    this.#maxBytes = maxBytes
    this.#now = now
  }

  /** Throws ConfigError where the directory cannot be made or written to. */
  static async open (dir: string, maxBytes: number, now: () => number = Date.now, onDeleted: (file: string) => void = () => {}): Promise<DeadLetters> {
    try {
      await mkdir(dir, { recursive: true })
      await access(dir, constants.W_OK)
    } catch (error) {
      throw new ConfigError(`LOKEAN_DEAD_LETTER_DIR=${dir}: ${(error as Error).message}; it must be a directory that this process may write to`, error)
    }
    return new DeadLetters(dir, maxBytes, now, onDeleted)
  }

  /** Resolves when the line is on disk; rejects, with nothing of it counted as written, where it is not. */
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
      // The next attempt begins a file of its own: half a line at the end of this one would spoil the first of the next.
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
    const names = (await readdir(this.#dir)).filter(name => NAME.test(name)).sort((a, b) => Number(a.slice(12, -7)) - Number(b.slice(12, -7)))
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
