import { randomUUID } from 'node:crypto'
import type { Connection as AmqpConnection, EventContext } from 'rhea'
import { backoffMs } from '../../backoff.ts'
import type { Logger } from '../../log.ts'
import type { Provider } from '../../provider.ts'
import type { Check } from '../../worker/messages/tasks.ts'
import type { Budget } from '../budget/budget.ts'
import type { Connection, Delivery } from '../source.ts'
import { connect, type Credentials, type BusHost, wentSilent } from './connection.ts'
import { connectionFailure, type Failure, inWords, linkFailure, logFields, noAnswer } from './failure.ts'
import { socketOf } from './rhea.ts'
import { Rest } from './rest.ts'
import { Subscription } from './subscription.ts'
import { Timers } from './timers.ts'

export interface ClientOptions {
  hosts: readonly BusHost[]
  /** The name in the bus's certificate, where it is not its host. */
  servername?: string
  credentials: Provider<Credentials>
  /** One for each address. */
  budgets: readonly Budget[]
  log: Logger
  onDelivery: (delivery: Delivery) => void
  onGone?: (address: string, connection: Connection) => void
  onConnected?: () => void
  onAttached?: () => void
  onDisconnected?: () => void
  random?: () => number
  timers?: Timers
}

const CONNECT_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 2_000
const BASE_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 5_000
/** A link over which nothing comes for so long is looked after. */
const QUIET_MS = 5_000

/**
 * One connection to one of the bus's hosts, with a subscription for each address.
 *
 *     waiting --(timer)--> connecting --(open)--> open --(loss, close by the bus)--> waiting
 *        ^                     |                    |
 *        `----(refusal, loss)--'                    `--(close())--> closed; reached from every other state too
 *
 * The client tries the hosts in turn. It pauses after each round, and each pause is longer than the one before. Where
 * the bus ends a subscription but not the connection, the client pauses and subscribes again. The other addresses go
 * on.
 */
export class AmqpClient {
  readonly #options: ClientOptions
  readonly #containerId = `lokean-${randomUUID()}`
  readonly #random: () => number
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #timers: Timers
  #state: 'waiting' | 'connecting' | 'open' | 'closed' = 'waiting'
  #connection: AmqpConnection | undefined
  #host = 0
  #rounds = 0
  #stopped = false
  #corked = false
  readonly #rest: Rest
  #detail = 'not connected yet'

  constructor (options: ClientOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
    this.#timers = options.timers ?? new Timers()
    this.#rest = new Rest(options.budgets.map(({ address }) => address))
  }

  start (): void {
    this.#connect()
  }

  /** Whether every address is attached. `detail` says so in words. */
  status (): Check {
    const missing = this.#options.budgets.filter(({ address }) => !this.attached(address)).map(({ address }) => address)
    if (this.#state !== 'open') return { ok: false, detail: this.#detail }
    if (missing.length === 0) return { ok: true, detail: 'open' }
    return { ok: false, detail: `not attached: ${missing.join(', ')}; ${this.#detail}` }
  }

  attached (address: string): boolean {
    return this.#subscriptions.get(address)?.attached ?? false
  }

  /** Messages that the bus may send at this moment. */
  credit (address: string): number {
    return this.#subscriptions.get(address)?.credit ?? 0
  }

  /** Must be called when the budget of an address has more room. */
  grant (address: string): void {
    this.#subscriptions.get(address)?.grant()
  }

  /**
   * Holds back the small writes of this turn (dispositions, flows), so that they leave in one system call. rhea writes
   * on the next tick; the socket is uncorked one tick later.
   */
  cork (): void {
    if (this.#corked) return
    const socket = this.#connection === undefined ? undefined : socketOf(this.#connection)
    if (socket === undefined || socket.destroyed) return
    this.#corked = true
    socket.cork()
    process.nextTick(() => process.nextTick(() => {
      this.#corked = false
      socket.uncork()
    }))
  }

  /** Nothing of the address is needed within the next `ms`. */
  quiet (address: string, ms: number): void {
    const socket = this.#connection === undefined ? undefined : socketOf(this.#connection)
    if (this.#state === 'open' && !this.#stopped && socket !== undefined) this.#rest.quiet(address, ms, socket)
  }

  /** Takes back all credit. Deliveries can still be settled. */
  stop (): void {
    this.#stopped = true
    this.#rest.end()
    for (const subscription of this.#subscriptions.values()) subscription.stop()
  }

  /**
   * Closes the connection. The bus delivers unsettled deliveries to other consumers. Resolves when the socket is
   * closed.
   */
  async close (): Promise<void> {
    this.#stopped = true
    const connection = this.#connection
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    this.#rest.end()
    this.#timers.clearAll()
    if (connection === undefined) return
    const socket = socketOf(connection)
    if (wasOpen && socket?.destroyed === false) {
      const closed = new Promise<void>(resolve => {
        const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS)
        connection.once('connection_close', () => { clearTimeout(timer); resolve() })
        socket.once('close', () => { clearTimeout(timer); resolve() })
      })
      connection.close()
      await closed
    }
    const gone = new Promise<void>(resolve => { socket === undefined || socket.closed ? resolve() : socket.once('close', () => resolve()) })
    this.#drop(connection, 'closed')
    await gone
  }

  #connect (): void {
    const { hosts, servername } = this.#options
    const credentials = this.#options.credentials.refresh()
    const host = hosts[this.#host]
    if (host === undefined) throw new RangeError('there is no bus to connect to')
    const busHost = { ...host, servername }
    const where = `${busHost.host}:${busHost.port}`
    this.#state = 'connecting'
    const connection = connect(busHost, credentials, this.#containerId)
    this.#connection = connection
    this.#timers.after('connect', CONNECT_TIMEOUT_MS, () => this.#lost(connection, where, noAnswer(CONNECT_TIMEOUT_MS)))
    connection.on('connection_open', () => this.#opened(connection, where))
    const lost = (error: unknown): void => {
      const silent = wentSilent(connection)
      const opened = this.#state === 'open'
      this.#lost(connection, where, silent !== undefined ? { reason: silent } : connectionFailure(error, { busHost, credentials, opened }))
    }
    connection.on('connection_error', ({ error }: EventContext) => lost(error))
    connection.on('connection_close', ({ error }: EventContext) => lost(error ?? new Error('the bus closed the connection')))
    connection.on('disconnected', ({ error }: EventContext) => lost(error))
    connection.on('protocol_error', (error: unknown) => lost(error))
    connection.on('error', (error: unknown) => lost(error))
  }

  #opened (connection: AmqpConnection, where: string): void {
    if (connection !== this.#connection || this.#state !== 'connecting') return
    this.#timers.clear('connect')
    this.#state = 'open'
    this.#options.log.info({ bus: where, peer: connection.container_id }, 'connected to the bus')
    this.#options.onConnected?.()
    for (const budget of this.#options.budgets) this.#subscribe(connection, budget, 0)
    this.#timers.every('quiet', QUIET_MS, () => {
      for (const subscription of this.#subscriptions.values()) subscription.nudge()
    })
  }

  #subscribe (connection: AmqpConnection, budget: Budget, attempt: number): void {
    const { log } = this.#options
    const { address } = budget
    let attempts = attempt
    const subscription = new Subscription({
      connection,
      budget,
      // Only a delivery ends the growth of the pauses. An attach does not: some buses let a link attach, and then
      // detach it.
      onDelivery: delivery => {
        attempts = 0
        this.#options.onDelivery(delivery)
      },
      onAttached: () => {
        this.#rounds = 0
        this.#timers.clear(`attach ${address}`)
        log.info({ address }, 'receiving')
        if (this.#stopped) subscription.stop()
        this.#options.onAttached?.()
      },
      onEnded: (reason, condition) => {
        this.#timers.clear(`attach ${address}`)
        this.#options.onGone?.(address, subscription)
        if (connection !== this.#connection || this.#state !== 'open') return
        const delay = backoffMs(attempts, BASE_BACKOFF_MS, MAX_BACKOFF_MS, this.#random)
        const failure = linkFailure(reason, condition)
        this.#detail = inWords(failure)
        log.warn({ address, ...logFields(failure), retryMs: Math.round(delay) }, 'the link is closed; attaching again')
        this.#timers.after(`link ${address}`, delay, () => this.#subscribe(connection, budget, attempts + 1))
      }
    })
    this.#subscriptions.set(address, subscription)
    this.#timers.after(`attach ${address}`, CONNECT_TIMEOUT_MS, () => {
      subscription.giveUp(`the bus did not attach the link within ${CONNECT_TIMEOUT_MS / 1000} s`)
    })
  }

  /** May be called late, and more than once for a connection. Only the first call for the current connection counts. */
  #lost (connection: AmqpConnection, where: string, failure: Failure): void {
    if (connection !== this.#connection || this.#state === 'closed') return
    const wasOpen = this.#state === 'open'
    this.#state = 'waiting'
    this.#detail = `${where}: ${inWords(failure)}`
    this.#drop(connection, failure.reason)
    if (wasOpen) this.#options.onDisconnected?.()
    this.#host = (this.#host + 1) % this.#options.hosts.length
    const delay = this.#host === 0 || wasOpen ? backoffMs(this.#rounds++, BASE_BACKOFF_MS, MAX_BACKOFF_MS, this.#random) : 0
    const text = wasOpen ? 'lost the bus; connecting again' : 'no connection to the bus; trying again'
    this.#options.log.warn({ bus: where, ...logFields(failure), retryMs: Math.round(delay) }, text)
    this.#timers.after('connect', delay, () => this.#connect())
  }

  #drop (connection: AmqpConnection, reason: string): void {
    this.#connection = undefined
    this.#rest.end()
    this.#timers.clearAll()
    for (const subscription of this.#subscriptions.values()) subscription.end(reason)
    this.#subscriptions.clear()
    // An error makes rhea stop its timers; after a plain destroy they would go on.
    socketOf(connection)?.destroy(new Error(reason))
  }
}
