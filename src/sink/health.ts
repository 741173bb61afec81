import type { Logger } from '../log.ts'
import type { Check } from '../worker/messages/tasks.ts'
import type { Answer, RetryReason } from './classify.ts'

/** While a failure lasts, the log repeats it at this interval. */
const REMIND_MS = 30_000
/** Tenants come from records where a setting says so. Those without a failure are forgotten at this number. */
const MOST_TENANTS = 4_096
/** The number of tenants and endpoints that are named at most. */
const MOST_NAMED = 5

const HINTS: Record<RetryReason, string> = {
  429: 'Loki limits the tenant: raise its ingestion limits, or send less',
  '5xx': 'see Loki\'s own log',
  timeout: 'Loki does not answer in time: scale it, or raise LOKEAN_PUSH_TIMEOUT',
  connection: 'is Loki up, and LOKEAN_LOKI_URL right?',
  blocked: 'check LOKEAN_LOKI_URL, LOKEAN_LOKI_TENANT and the credentials; records are held until Loki takes them'
}

interface Failure { reason: RetryReason, message: string, since: number, warned: boolean, mend?: string }

interface Tenant {
  storedAt: number
  /** The URL of the endpoint at which a push of the tenant failed last. */
  failedAt?: string
  /** Its pushes fail, and none was stored since. */
  failing: Failure | undefined
  /** A condition holds some of its records, whether others are stored or not. */
  held: Failure | undefined
}

export interface HealthOptions {
  log: Logger
  /** Whether all tenants must flow for `ok`, or some. */
  ready: 'some' | 'all'
  now?: () => number
}

/** A push that is tried again. `held`: what it carries is held by a condition, out of the way of others. */
export interface Retry {
  tenant: string
  reason: RetryReason
  message: string
  delayMs: number
  hint?: string | undefined
  held: boolean
}

/**
 * Loki's health as the pushes show it, for each tenant and endpoint. `/readyz` reports it. The log has each change, and
 * a reminder while a failure goes on; it does not have each attempt.
 */
export class LokiHealth {
  readonly #log: Logger
  readonly #ready: 'some' | 'all'
  readonly #now: () => number
  readonly #lastWarned = new Map<string, number>()
  readonly #tenants = new Map<string, Tenant>()
  /** The endpoints that fail, by URL. */
  readonly #endpoints = new Map<string, Failure>()
  #reached = false
  #notReady: string | undefined

  constructor ({ log, ready, now = () => performance.now() }: HealthOptions) {
    this.#log = log
    this.#ready = ready
    this.#now = now
  }

  status (): Check {
    const mend = this.#mend()
    return { ...this.#check(), ...mend === undefined ? {} : { mend } }
  }

  /** A limited tenant (429) is no failure of Loki, but it is named while nothing of it is stored. */
  #check (): Check {
    const tenants = [...this.#tenants]
    const standing = tenants.flatMap(([name, tenant]) => standsStill(tenant) ? [{ name, failure: standsStill(tenant) }] : [])
    const down = standing.filter(({ failure }) => failure?.reason !== '429')
    const flows = tenants.some(([, tenant]) => tenant.storedAt > -Infinity && standsStill(tenant) === undefined)
    const ok = this.#reached && (down.length === 0 || (flows && this.#ready === 'some'))
    const only = tenants.length === 1 ? down[0]?.failure : undefined
    if (only !== undefined) return { ok, detail: `${only.reason}: ${only.message}` }
    if (!this.#reached) return { ok, detail: down[0]?.failure?.message ?? this.#notReady ?? 'not reached yet' }
    const still = standing.map(({ name, failure }) => `nothing of ${called(name)} is stored ${this.#for(failure)}`)
    const held = tenants.filter(([, tenant]) => tenant.held !== undefined && standsStill(tenant) === undefined)
      .map(([name, { held }]) => `some records of ${called(name)} are held ${this.#for(held)}`)
    const endpoints = [...this.#endpoints].map(([url, failure]) => `${url} fails ${this.#for(failure)}`)
    const named = [...still, ...held, ...endpoints]
    const more = named.length > MOST_NAMED ? [`and ${named.length - MOST_NAMED} more`] : []
    const whole = flows ? 'pushes are stored' : still.length === 0 ? 'no push yet' : 'no push is stored'
    return { ok, detail: [whole, ...named.slice(0, MOST_NAMED), ...more].join('; ') }
  }

  /** What the log says of the first tenant that only an operator can help. */
  #mend (): string | undefined {
    for (const { failing, held } of this.#tenants.values()) {
      const blocked = [failing, held].find(failure => failure?.reason === 'blocked')
      if (blocked !== undefined) return blocked.mend
    }
    return undefined
  }

  /** Whether Loki has answered at all. */
  get reached (): boolean {
    return this.#reached
  }

  /** A probe found Loki ready. */
  ready (url: string): void {
    if (!this.#reached) this.#log.info({ loki: url }, 'Loki answers')
    this.#reached = true
  }

  /** A probe found Loki not ready. */
  notReady (message: string, delayMs: number): void {
    this.#notReady = `connection: ${message}`
    this.#warn('probe', {
      reason: 'connection', message, retryMs: Math.round(delayMs), mend: HINTS.connection
    }, 'Loki is not ready; asking again')
  }

  /** Whatever an endpoint got, it did not take. */
  fails (url: string, message: string, reason: RetryReason = 'blocked'): void {
    this.#endpoints.set(url, { reason, message, since: this.#endpoints.get(url)?.since ?? this.#now(), warned: true })
  }

  /** What an endpoint answered to a push of a tenant. */
  answered (url: string, tenant: string, answer: Answer): void {
    if (answer.kind === 'retry' && answer.reason !== '429' && answer.status !== 401) {
      this.fails(url, answer.message, answer.reason)
      this.#tenant(tenant).failedAt = url
      return
    }
    this.ready(url)
    if (answer.kind !== 'rejected') this.#endpoints.delete(url)
    if (answer.kind !== 'stored') return
    const state = this.#tenant(tenant)
    state.storedAt = this.#now()
    if (state.failing?.warned === true) {
      this.#log.info({ loki: url, tenant: shown(tenant), failedForMs: this.#ageOf(state.failing) }, 'Loki takes pushes again')
    }
    state.failing = undefined
  }

  retrying ({ tenant, reason, message, delayMs, hint = HINTS[reason], held }: Retry): void {
    const state = this.#tenant(tenant)
    const key = held ? 'held' : 'failing'
    const since = state[key]?.since ?? this.#now()
    const facts = {
      reason, message, loki: held ? undefined : state.failedAt, tenant: shown(tenant), retryMs: Math.round(delayMs), mend: hint
    }
    const text = held ? 'some records are held until what stops them is mended' : 'a push to Loki failed; it is tried again'
    // A condition stops a shard first, and then the shard that holds its records: that is one thing to mend.
    const warned = this.#warn(`${reason} ${tenant} ${hint}`, facts, text) || state[key]?.warned === true
    state[key] = { reason, message, since, warned, mend: hint }
  }

  /** Nothing of the tenant waits any more. */
  quiet (tenant: string): void {
    const state = this.#tenants.get(tenant)
    if (state !== undefined) state.failing = undefined
  }

  /** None of the tenant's records is held any more. */
  released (tenant: string): void {
    const state = this.#tenant(tenant)
    if (state.held?.warned === true) {
      this.#log.info({ tenant: shown(tenant), heldForMs: this.#ageOf(state.held) }, 'no record is held any more')
    }
    state.held = undefined
  }

  #tenant (name: string): Tenant {
    const known = this.#tenants.get(name)
    if (known !== undefined) return known
    if (this.#tenants.size >= MOST_TENANTS) {
      for (const [name, { failing, held }] of this.#tenants) if (failing === undefined && held === undefined) this.#tenants.delete(name)
    }
    const state: Tenant = { storedAt: -Infinity, failing: undefined, held: undefined }
    this.#tenants.set(name, state)
    return state
  }

  #for (failure: Failure | undefined): string {
    return failure === undefined ? '' : `for ${Math.round(this.#ageOf(failure) / 1000)} s (${failure.reason}: ${failure.message})`
  }

  #ageOf ({ since }: Failure): number {
    return this.#now() - since
  }

  /** Returns whether it has warned: it does not repeat a warning within REMIND_MS. */
  #warn (key: string, facts: object, text: string): boolean {
    const now = this.#now()
    if (now - (this.#lastWarned.get(key) ?? -Infinity) < REMIND_MS) return false
    if (this.#lastWarned.size > 1000) this.#lastWarned.clear()
    this.#lastWarned.set(key, now)
    this.#log.warn(facts, text)
    return true
  }
}

/** Why nothing of the tenant is stored; undefined where it flows, or has nothing to store. */
function standsStill ({ failing, held, storedAt }: Tenant): Failure | undefined {
  return failing ?? (held !== undefined && storedAt <= held.since ? held : undefined)
}

function called (tenant: string): string {
  return tenant === '' ? 'the addresses without a tenant' : `tenant ${tenant}`
}

function shown (tenant: string): string | undefined {
  return tenant === '' ? undefined : tenant
}
