import { toldRate } from './refusals.ts'

/** A push that a tenant's rate limit refused, by the shard's own count. */
export interface Limited {
  /** Uncompressed bytes of the push. */
  bytes: number
  /** Loki's text. */
  message: string
  /** How often Loki has refused this push, and since when. */
  attempts: number
  since: number
}

interface Tenant {
  /** No push may be larger, in uncompressed bytes, unless it is one entry. */
  limit: number
  /** The last pushes that were stored, the newest last. */
  stored: Array<{ bytes: number, at: number }>
}

interface Options {
  /** The setting. A limit that has grown so far is none. */
  pushBytes: number
  /** The tenant's ingestion burst in bytes, where Loki has told it. */
  burstOf: (tenant: string) => number | undefined
  /** A clock in ms that never goes back. */
  now: () => number
}

/** A push of half its size, or a smaller one, got past a push that was refused this often: its size is suspected. */
const SUSPICIOUS_ATTEMPTS = 4
/** Any smaller push got past one that was refused this often. */
const STARVED_ATTEMPTS = 10
/** Nothing of the tenant was stored for this long at least, while a push was refused. */
const PATIENCE_MS = 2_000
/** The number of stored pushes of a tenant that are remembered. */
const REMEMBERED = 32
/** Loki does not tell the limit in each of its texts. This is its default (ingestion_rate_mb), in bytes a second. */
const USUAL_RATE = 4 * 2 ** 20
/** Each stored push that was as large as allowed raises the limit by this factor. Too large pushes are then rare. */
const GROWTH = 1.03
/** Tenants come from records where a setting says so. Those without a limit are forgotten then. */
const MOST_TENANTS = 4_096

/**
 * How large the pushes of each tenant may be. Loki never stores a push that is larger than the tenant's burst, or than
 * a gRPC message between its parts may be. So a push that is refused for its size, or seems to be, halves the limit of
 * its tenant, and stored pushes raise it again. An ordinary rate limit does not: it lets the same push through after a
 * while.
 *
 *     none --(refused for its size)--> half of its size --(again)--> half of that ... one entry
 *      ^                                  |
 *      `--(grown to the setting)----------'
 */
export class PushLimits {
  readonly #options: Options
  readonly #tenants = new Map<string, Tenant>()

  constructor (options: Options) {
    this.#options = options
  }

  /** Uncompressed bytes; Infinity where no push was too large. */
  limitOf (tenant: string): number {
    return this.#tenants.get(tenant)?.limit ?? Infinity
  }

  /** A push of so many bytes was refused for its size. */
  tooLarge (tenant: string, bytes: number): void {
    this.#lower(tenant, bytes / 2)
  }

  /**
   * A rate limit (429) refused a push, whose size may be why: then the limit falls. Returns whether Loki can never
   * store a push of that size, because it is more than the burst that Loki has told.
   */
  limited (tenant: string, { bytes, message, attempts, since }: Limited): boolean {
    const { burstOf, now } = this.#options
    const { pushBytes = bytes, bytesPerSecond = USUAL_RATE } = toldRate(message)
    const burst = burstOf(tenant)
    if (burst !== undefined && pushBytes > burst) {
      // Loki counts lines and metadata only.
      this.#lower(tenant, bytes * burst / pushBytes * 0.9)
      return true
    }
    const refill = 1.5 * bytes / bytesPerSecond * 1000
    const { stored } = this.#stateOf(tenant)
    const smaller = stored.filter(push => push.at > since && push.bytes < bytes)
    const lastStored = stored.at(-1)?.at ?? -Infinity
    const patient = now() - Math.max(since, lastStored) >= Math.max(PATIENCE_MS, refill)
    const overtaken = now() - since >= refill && (
      (attempts >= SUSPICIOUS_ATTEMPTS && smaller.some(push => push.bytes <= bytes / 2)) ||
      (attempts >= STARVED_ATTEMPTS && smaller.length > 0)
    )
    if (patient || overtaken) this.#lower(tenant, bytes / 2)
    return false
  }

  stored (tenant: string, bytes: number): void {
    const state = this.#stateOf(tenant)
    state.stored.push({ bytes, at: this.#options.now() })
    if (state.stored.length > REMEMBERED) state.stored.shift()
    if (bytes < state.limit / 2) return
    state.limit *= GROWTH
    if (state.limit >= this.#options.pushBytes) state.limit = Infinity
  }

  #lower (tenant: string, bytes: number): void {
    const state = this.#stateOf(tenant)
    state.limit = Math.min(state.limit, bytes)
  }

  #stateOf (tenant: string): Tenant {
    const known = this.#tenants.get(tenant)
    if (known !== undefined) return known
    if (this.#tenants.size >= MOST_TENANTS) {
      for (const [name, { limit }] of this.#tenants) if (limit === Infinity) this.#tenants.delete(name)
    }
    const state: Tenant = { limit: Infinity, stored: [] }
    this.#tenants.set(tenant, state)
    return state
  }
}
