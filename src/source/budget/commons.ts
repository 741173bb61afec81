/** An address that shares the commons with others. */
export interface Sharer {
  /** Called later, when there is more in the commons, or the reserve is free. */
  offer (): void
  /** Moves what the address has of the reserve to the pool, as far as that has room now. */
  moveToPool (): void
}

/**
 * What all addresses share of the budget beside their own parts: a pool, and one reserve.
 *
 * An address may take of the pool three times what it leaves free. So one that is blocked leaves a quarter of the pool
 * to the others. The reserve is lent to one address at a time, first come.
 */
export class Commons {
  readonly reserve: number
  #free: number
  #borrower: Sharer | undefined
  #waiting = new Set<Sharer>()
  #offering = false

  constructor (pool: number, reserve: number) {
    this.#free = pool
    this.reserve = reserve
  }

  /** What an address may take of the pool that has `taken` of it already. */
  share (taken: number): number {
    return Math.max(0, Math.floor((3 * this.#free - taken) / 4))
  }

  take (bytes: number): void {
    this.#free -= bytes
  }

  giveBack (bytes: number): void {
    if (bytes === 0) return
    this.#free += bytes
    this.#offer()
  }

  /** Lends the reserve to the address, if there is one and no other address has it. */
  lend (to: Sharer): boolean {
    if (this.reserve === 0) return false
    this.#borrower ??= to
    return this.#borrower === to
  }

  isLentTo (sharer: Sharer): boolean {
    return this.#borrower === sharer
  }

  returnReserve (): void {
    this.#borrower = undefined
    this.#offer()
  }

  /** The address gets one offer when there is more than now. Of those that wait, the first gets its offer first. */
  wait (sharer: Sharer): void {
    this.#waiting.add(sharer)
  }

  /** Waits for a microtask: a release is often followed by a lease of the same address. */
  #offer (): void {
    if (this.#offering || (this.#waiting.size === 0 && this.#borrower === undefined)) return
    this.#offering = true
    queueMicrotask(() => {
      this.#offering = false
      this.#borrower?.moveToPool()
      const waiting = this.#waiting
      this.#waiting = new Set()
      for (const sharer of waiting) sharer.offer()
    })
  }
}
