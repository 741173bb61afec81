import { closeSync, openSync, writeSync } from 'node:fs'
import { UsageError } from '../../errors.ts'
import type { Left } from './tally.ts'

/** The file of all that is not replayed, as NDJSON. Only this user may read it: it has log lines. */
export class LeftFile {
  readonly #file: number

  constructor (path: string) {
    try {
      this.#file = openSync(path, 'w', 0o600)
    } catch (error) {
      throw new UsageError(`--left ${JSON.stringify(path)} cannot be written: ${(error as Error).message}`)
    }
  }

  write (left: Left): void {
    writeSync(this.#file, `${JSON.stringify(left)}\n`)
  }

  close (): void {
    closeSync(this.#file)
  }
}
