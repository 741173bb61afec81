/**
 * The bytes that one address may hold in the process, from its sources and not settled. A budget outlives connections:
 * a delivery of a connection that is gone counts until it is stored or dropped.
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
    if (this.#used < 0) throw new Error(`budget of ${this.address}: more was released than was leased`)
  }
}
