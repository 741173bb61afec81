import { ConfigError } from '../errors.ts'
import type { RejectedEntry } from '../worker/messages/tasks.ts'
import { appendLine, beginFile, deleteFile, type LetterFile, listFiles, makeDirectory, type OpenFile } from './dead-letter-files.ts'
import type { DeadLetterStore } from './sink.ts'

/** The number of files that share the directory's bound. The oldest file can then go, while the others stay. */
const FILES = 10

export interface DeadLetterOptions {
  dir: string
  maxBytes: number
  /** What a full directory does: it takes nothing more, or it deletes its oldest file. */
  whenFull: 'block' | 'delete'
  now?: () => number
  /** A file with so many records was deleted, to make room. */
  onDeleted?: (file: string, records: number) => void
}

/**
 * The directory of records that Loki rejected, as NDJSON. Each line is a RejectedEntry, with the time of writing as
 * `time`. The name of a file says when it was begun (`dead-letter-1795335208123.ndjson`). All files together never
 * exceed `maxBytes`. What was written is deleted only where `whenFull` says so.
 */
export class DeadLetters implements DeadLetterStore {
  readonly name = 'the dead-letter directory'
  readonly maxBytes: number
  blocked = false
  readonly #options: Required<DeadLetterOptions>
  #file: OpenFile | undefined
  #lastBegun = 0
  #bytes = 0
  #measuring = false
  /** The last write. Each write waits for the one before, so that no two lines mix. */
  #tail: Promise<unknown> = Promise.resolve()

  private constructor (options: DeadLetterOptions) {
    this.#options = { now: Date.now, onDeleted: () => {}, ...options }
    this.maxBytes = options.maxBytes
  }

  /** Rejects with ConfigError where the directory cannot be made, or cannot be written to. */
  static async open (options: DeadLetterOptions): Promise<DeadLetters> {
    const letters = new DeadLetters(options)
    try {
      await makeDirectory(options.dir)
      await letters.#measure()
    } catch (error) {
      throw new ConfigError(`LOKEAN_DEAD_LETTER_DIR=${options.dir}: ${(error as Error).message}; it must be a directory that this process may write to`, error)
    }
    return letters
  }

  bytes (): number {
    if (!this.#measuring) {
      this.#measuring = true
      this.#tail = this.#tail.then(async () => await this.#measure()).catch(() => {}).then(() => { this.#measuring = false })
    }
    return this.#bytes
  }

  /** Resolves when the line is on disk. Rejects where it is not; the caller must then write it again. */
  async write (entry: RejectedEntry): Promise<void> {
    const line = Buffer.from(`${JSON.stringify({ time: new Date(this.#options.now()).toISOString(), ...entry })}\n`)
    const written = this.#tail.then(async () => await this.#append(line))
    this.#tail = written.catch(() => {})
    await written
  }

  async close (): Promise<void> {
    await this.#tail
    await this.#leaveFile()
  }

  async #append (line: Buffer): Promise<void> {
    const { length } = line
    if (this.#file !== undefined && this.#file.bytes + length > this.maxBytes / FILES) await this.#leaveFile()
    if (this.#file === undefined || this.#bytes + length > this.maxBytes) await this.#makeRoom(length)
    this.blocked = false
    this.#file ??= await this.#beginFile()
    try {
      await appendLine(this.#file, line)
    } catch (error) {
      await this.#leaveFile().catch(() => {})
      throw error
    }
    this.#bytes += length
  }

  async #beginFile (): Promise<OpenFile> {
    this.#lastBegun = Math.max(this.#options.now(), this.#lastBegun + 1)
    return await beginFile(this.#options.dir, this.#lastBegun)
  }

  async #makeRoom (bytes: number): Promise<void> {
    const { dir, whenFull, onDeleted } = this.#options
    const files = await this.#measure()
    while (this.#bytes + bytes > this.maxBytes) {
      const oldest = files.shift()
      if (whenFull === 'block' || bytes > this.maxBytes || oldest === undefined) {
        // Whoever makes room may move the newest file too: nothing more is written to it.
        await this.#leaveFile()
        this.blocked = true
        throw new Error(`the dead-letter directory ${dir} has no room for ${bytes} bytes (it holds ${this.#bytes} of LOKEAN_DEAD_LETTER_BYTES=${this.maxBytes}): move files away, raise LOKEAN_DEAD_LETTER_BYTES, or set LOKEAN_DEAD_LETTER_FULL=delete, which loses the oldest records`)
      }
      const records = await deleteFile(dir, oldest.name)
      this.#bytes -= oldest.size
      onDeleted(oldest.name, records)
    }
  }

  async #measure (): Promise<LetterFile[]> {
    const files = await listFiles(this.#options.dir)
    this.#bytes = files.reduce((sum, { size }) => sum + size, 0)
    this.#lastBegun = Math.max(this.#lastBegun, files.at(-1)?.begun ?? 0)
    return files
  }

  /** The next line begins a new file. */
  async #leaveFile (): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.handle.close()
  }
}
