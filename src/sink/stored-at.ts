/** Where records were stored, and from where they came. */
export interface Place { endpoint: number, tenant: string, address: string }

/** Tenants come from records where a setting says so: all is forgotten then, and known again with the next push. */
const MOST_PLACES = 4_096

/** When Loki last stored records of an address, for each tenant and endpoint. */
export class StoredAt {
  readonly #now: () => number
  readonly #at = new Map<string, number>()

  /** `now`: a clock in ms that never goes back. */
  constructor (now: () => number = () => performance.now()) {
    this.#now = now
  }

  set (endpoint: number, { tenant, address }: Omit<Place, 'endpoint'>): void {
    if (this.#at.size >= MOST_PLACES) this.#at.clear()
    this.#at.set(`${endpoint} ${tenant} ${address}`, this.#now())
  }

  since ({ endpoint, tenant, address }: Place, time: number): boolean {
    return (this.#at.get(`${endpoint} ${tenant} ${address}`) ?? -Infinity) > time
  }
}
