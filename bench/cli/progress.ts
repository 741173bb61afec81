export interface Output { write (text: string): unknown, isTTY?: boolean }

/** Without a terminal, one line at most is printed in this time. */
const LINE_MS = 1_000

/**
 * Shows what the bench is doing. A terminal gets one line that is written over and over; anything else gets a line now
 * and then.
 */
export class Progress {
  readonly #output: Output
  readonly #now: () => number
  readonly #start: number
  #shown = ''
  #at = -Infinity
  #open = false

  constructor (output: Output, now: () => number = () => performance.now()) {
    this.#output = output
    this.#now = now
    this.#start = now()
  }

  readonly show = (text: string): void => {
    const now = this.#now()
    if (this.#output.isTTY === true) {
      this.#output.write(`\r\x1b[2K${this.#elapsed(now)} ${text}`)
      this.#open = true
    } else if (text !== this.#shown && now - this.#at >= LINE_MS) {
      this.#output.write(`${this.#elapsed(now)} ${text}\n`)
      this.#at = now
      this.#shown = text
    }
  }

  /** Clears the line, so that the next output stands alone. */
  end (): void {
    if (this.#open) this.#output.write('\r\x1b[2K')
    this.#open = false
  }

  #elapsed (now: number): string {
    const seconds = Math.floor((now - this.#start) / 1000)
    return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`
  }
}
