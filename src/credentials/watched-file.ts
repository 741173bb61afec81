import { readFileSync, statSync } from 'node:fs'

/**
 * A file that was written within this time may be half written. It counts at the next look. Within this time, a change
 * could also leave size and times as they were.
 */
const SETTLE_MS = 100

/** A file whose text may change, in place or by a link that leads elsewhere. */
export class WatchedFile {
  readonly path: string
  readonly #now: () => number
  /** Tells one state of the file from another. */
  #mark = ''
  /** As of the last look; undefined where the file could not be read then. */
  text: string | undefined
  /** Why it could not be read. */
  error: unknown

  /** `text`: what the file has held until now. `now`: the time of day in ms, as the file system has it. */
  constructor (path: string, text: string, now: () => number = Date.now) {
    this.path = path
    this.text = text
    this.#now = now
  }

  /** Returns whether there is something new: another text, or a reason why there is none. */
  look (): boolean {
    try {
      const stat = statSync(this.path, { bigint: true })
      // A pipe is read once: a second time, nobody may be there to write, and reading waits for that.
      if (stat.isFIFO() || stat.isCharacterDevice()) return false
      const { dev, ino, size, mtimeNs, ctimeNs } = stat
      const mark = [dev, ino, size, mtimeNs, ctimeNs].join()
      // A clock that is wrong must not make a file unsettled for ever.
      if (mark === this.#mark || Math.abs(this.#now() - Number(mtimeNs / 1_000_000n)) < SETTLE_MS) return false
      const text = readFileSync(this.path, 'utf8')
      const isNew = text !== this.text
      this.#mark = mark
      this.text = text
      this.error = undefined
      return isNew
    } catch (error) {
      const mark = String(error)
      if (mark === this.#mark) return false
      this.#mark = mark
      this.text = undefined
      this.error = error
      return true
    }
  }
}
