const ZERO = 0x30
const DOT = 0x2e

/** Writes times and numbers into records in place. It makes a new string only once a second. */
export class Digits {
  #second = -1
  readonly #prefix = Buffer.alloc(19)

  /** Writes `2026-11-22T08:00:00.123456` at `at`, from the seconds since the epoch and the microseconds. */
  time (out: Buffer, at: number, second: number, micros: number): void {
    if (second !== this.#second) {
      this.#second = second
      this.#prefix.write(new Date(second * 1000).toISOString(), 0, 19, 'latin1')
    }
    const prefix = this.#prefix
    for (let i = 0; i < 19; i++) out[at + i] = prefix[i]
    out[at + 19] = DOT
    this.#write(out, at + 20, micros, 6)
  }

  /** Writes ten digits in two halves. V8 stores each half as a small integer. */
  number (out: Buffer, at: number, number: number): void {
    const high = Math.floor(number / 1e5)
    this.#write(out, at, high, 5)
    this.#write(out, at + 5, number - high * 1e5, 5)
  }

  #write (out: Buffer, at: number, value: number, width: number): void {
    let rest = value | 0
    for (let i = at + width - 1; i >= at; i--) {
      const next = (rest / 10) | 0
      out[i] = ZERO + rest - next * 10
      rest = next
    }
  }
}
