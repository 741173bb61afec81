/**
 * What one address may hold in the process: bytes taken from the bus and not settled. It outlives connections: what came over one that
 * is gone still weighs until it is stored.
 */
export class Budget {
  readonly address: string
  readonly limit: number
  #used = 0

  constructor (address: string, limit: number) {
    this.address = address
    this.limit = limit
  }

  get used (): number {
    return this.#used
  }

  get room (): number {
    return this.limit - this.#used
  }

  lease (bytes: number): void {
    this.#used += bytes
  }

  release (bytes: number): void {
    this.#used -= bytes
    if (this.#used < 0) throw new Error(`budget of ${this.address}: more was released than had been leased`)
  }
}
