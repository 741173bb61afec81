/** A deadline for a whole request. Its signal aborts when the time is over, or when the signal of the caller aborts. */
export class Deadline {
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #outer: AbortSignal
  readonly #onOuter = (): void => { this.#abort.abort() }
  /** The time was over before the request ended. */
  passed = false

  constructor (ms: number, outer: AbortSignal) {
    this.#outer = outer
    this.#timer = setTimeout(() => {
      this.passed = true
      this.#abort.abort()
    }, ms)
    if (outer.aborted) this.#abort.abort()
    else outer.addEventListener('abort', this.#onOuter)
  }

  get signal (): AbortSignal {
    return this.#abort.signal
  }

  /** Must be called when the request has ended, with or without an answer. */
  end (): void {
    clearTimeout(this.#timer)
    this.#outer.removeEventListener('abort', this.#onOuter)
  }
}
