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
  /** When a push was last stored, by the power of two below its size. */
  storedAt: Map<number, number>
}

interface Options {
  /** The setting. A limit that has grown so far is none. */
  pushBytes: number
  /** The tenant's ingestion burst in bytes, where Loki has told it. */
  burstOf: (tenant: string) => number | undefined
  /** A clock in ms that never goes back. */
  now: () => number
}

/** A rate limit has refused a push so often before its size is suspected. */
const SUSPICIOUS_ATTEMPTS = 4
/** The shortest time that a push which nothing smaller got past must have been refused for. */
const PATIENCE_MS = 2_000
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
   * A rate limit (429) refused a push. Returns whether Loki can never store it: its bytes are more than the burst that
   * Loki has told.
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
    const enough = Math.max(PATIENCE_MS, 1.5 * bytes / bytesPerSecond * 1000)
    const patient = now() - since >= enough && !this.#storedSince(tenant, since)
    const overtaken = attempts >= SUSPICIOUS_ATTEMPTS && now() - since >= 1.5 * bytes / bytesPerSecond * 1000 &&
      this.#storedSince(tenant, since, bytes / 2)
    if (patient || overtaken) this.#lower(tenant, bytes / 2)
    return false
  }

  stored (tenant: string, bytes: number): void {
    const state = this.#stateOf(tenant)
    state.storedAt.set(Math.floor(Math.log2(bytes)), this.#options.now())
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
    const state = { limit: Infinity, storedAt: new Map<number, number>() }
    this.#tenants.set(tenant, state)
    return state
  }

  /** Whether a push of at most `most` bytes was stored since. */
  #storedSince (tenant: string, since: number, most = Infinity): boolean {
    const stored = this.#tenants.get(tenant)?.storedAt ?? []
    return [...stored].some(([power, at]) => at > since && 2 ** power <= most)
  }
}
