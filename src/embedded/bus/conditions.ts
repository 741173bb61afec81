import { LokeanError } from '../../errors.ts'

interface Waiter<T> { predicate: (state: T) => boolean, resolve: (state: T) => void, reject: (error: unknown) => void }

/** Promises for states: each is fulfilled with the first state that its predicate holds for. */
export class Conditions<T> {
  readonly #state: () => T
  readonly #waiters = new Set<Waiter<T>>()

  constructor (state: () => T) {
    this.#state = state
  }

  /** Asks the predicate at once, and at each change from then on. Rejects with what the predicate throws. */
  until (predicate: (state: T) => boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiter = { predicate, resolve, reject }
      this.#waiters.add(waiter)
      this.#ask(waiter, this.#state())
    })
  }

  /** The state has changed. It costs nothing while nobody waits. */
  changed (): void {
    if (this.#waiters.size === 0) return
    const state = this.#state()
    for (const waiter of this.#waiters) this.#ask(waiter, state)
  }

  /** No state will come any more: rejects what waits with LOKEAN_CLOSED. */
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
