import type { Context } from './context.ts'

const PLAIN_PROGRESS_MS = 2_000

/** Shows progress on stderr: on a terminal, one line that is overwritten; else a new line now and then. */
export class ProgressLine {
  readonly #stderr: Context['stderr'] & { isTTY?: boolean }
  #last = performance.now()
  #open = false

  constructor ({ stderr }: Pick<Context, 'stderr'>) {
    this.#stderr = stderr
  }

  show (text: () => string): void {
    const terminal = this.#stderr.isTTY === true
    const now = performance.now()
    if (!terminal && now - this.#last < PLAIN_PROGRESS_MS) return
    this.#last = now
    this.#open = terminal
    this.#stderr.write(terminal ? `\r\u001b[K${text()}` : `${text()}\n`)
  }

  end (): void {
    if (this.#open) this.#stderr.write('\n')
    this.#open = false
  }
}
