/** The number of tenants that have series of their own. The metrics of all others are under OTHER. */
const MOST_NAMED = 256
const OTHER = 'other'

/** Names tenants in the metrics. Tenants may come from records: a hostile sender could make a series for each. */
export class TenantNames {
  readonly #named = new Set<string>()

  /** Tenants that have a name, in the order in which they came. */
  get named (): Iterable<string> {
    return this.#named
  }

  labelOf (tenant: string): string {
    if (this.#named.has(tenant)) return tenant
    if (this.#named.size >= MOST_NAMED) return OTHER
    this.#named.add(tenant)
    return tenant
  }
}
