/** One deadline for a whole request. Its signal aborts when the time is over, or when the caller's signal does. */
export class Deadline {
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #outer: AbortSignal
  readonly #onOuter = (): void => { this.#abort.abort() }
  /** The time was over before the request was. */
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

  /** To be called when the request has ended, however it did. */
  end (): void {
    clearTimeout(this.#timer)
    this.#outer.removeEventListener('abort', this.#onOuter)
  }
}
