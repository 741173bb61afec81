import type { TenantLimits } from './tenant-limits.ts'

interface Options {
  /** Asks Loki. Undefined where it does not tell. */
  read: (tenant: string) => Promise<TenantLimits | undefined>
  /** A clock in ms that never goes back. */
  now: () => number
}

/** Limits may change at any time, and a Loki that tells none may come to. */
const FRESH_MS = 300_000
/** Tenants come from records where a setting says so. All is forgotten then. */
const MOST_TENANTS = 1_024

/**
 * What Loki tells of the limits of each tenant (3.6 and later, where an operator lets it). Nothing waits for it: who
 * asks for the first time gets nothing, and the answer of Loki later.
 */
export class ToldLimits {
  readonly #options: Options
  readonly #tenants = new Map<string, { at: number, limits: TenantLimits | undefined }>()

  constructor (options: Options) {
    this.#options = options
  }

  of (tenant: string): TenantLimits | undefined {
    const now = this.#options.now()
    const known = this.#tenants.get(tenant)
    if (known !== undefined && now - known.at < FRESH_MS) return known.limits
    if (this.#tenants.size >= MOST_TENANTS) this.#tenants.clear()
    const told = { at: now, limits: known?.limits }
    this.#tenants.set(tenant, told)
    void this.#options.read(tenant).then(limits => { told.limits = limits ?? told.limits })
    return told.limits
  }
}
