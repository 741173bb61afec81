import { LokeanError } from '../../errors.ts'

interface Waiter<T> { predicate: (state: T) => boolean, resolve: (state: T) => void, reject: (error: unknown) => void }

/** Promises that wait for a state. Each resolves with the first state for which its predicate holds. */
export class Conditions<T> {
  readonly #state: () => T
  readonly #waiters = new Set<Waiter<T>>()

  constructor (state: () => T) {
    this.#state = state
  }

  /** Asks the predicate at once, and at each change. Rejects with what the predicate throws. */
  until (predicate: (state: T) => boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter = { predicate, resolve, reject }
      this.#waiters.add(waiter)
      this.#ask(waiter, this.#state())
    })
  }

  /** Must be called when the state changes. Costs nothing while nobody waits. */
  changed (): void {
    if (this.#waiters.size === 0) return
    const state = this.#state()
    for (const waiter of this.#waiters) this.#ask(waiter, state)
  }

  /** No further state will come: rejects all waiting promises with LOKEAN_CLOSED. */
  close (why: string): void {
    for (const waiter of this.#waiters) waiter.reject(new LokeanError('LOKEAN_CLOSED', why))
    this.#waiters.clear()
  }

  #ask (waiter: Waiter<T>, state: T): void {
    try {
      if (!waiter.predicate(state)) return
      waiter.resolve(state)
    } catch (error) {
      waiter.reject(error)
    }
    this.#waiters.delete(waiter)
  }
}
