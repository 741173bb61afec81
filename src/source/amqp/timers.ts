/** Timers by name. A new one takes the place of the one with its name. */
export class Timers {
  readonly #timers = new Map<string, NodeJS.Timeout>()

  after (name: string, delayMs: number, then: () => void): void {
    this.clear(name)
    this.#timers.set(name, setTimeout(() => {
      this.#timers.delete(name)
      then()
    }, delayMs))
  }

  /** Goes on until it is cleared. */
  every (name: string, periodMs: number, run: () => void): void {
    this.clear(name)
    this.#timers.set(name, setInterval(run, periodMs))
  }

  clear (name: string): void {
    clearTimeout(this.#timers.get(name))
    this.#timers.delete(name)
  }

  clearAll (): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }
}
