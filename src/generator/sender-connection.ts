import { isIP, type Socket } from 'node:net'
import rhea from 'rhea'
import type { Connection as AmqpConnection, ConnectionOptions as AmqpOptions, Delivery, EventContext, Sender } from 'rhea'
import { LokeanError } from '../errors.ts'
import { outcomeOf } from '../embedded/bus/outcomes.ts'
import { OutgoingCredit } from '../embedded/bus/outgoing-credit.ts'
import { streamWrites } from '../embedded/bus/write-path.ts'
import { backoff, type Connection, type ConnectionOptions } from './connection.ts'
import type { Parcel } from './load.ts'

/** The window is that of each link. */
export interface SenderConnectionOptions extends ConnectionOptions {
  addresses: readonly string[]
  username?: string
  password?: string
  onFatal: (error: LokeanError) => void
}

interface Link { address: number, sender: Sender, credit: OutgoingCredit, unsettled: Map<Delivery, Parcel>, pumping: boolean }

/**
 * Messages to send in one turn of the event loop. Other work waits meanwhile, that of a bus in the same process too.
 */
const PER_TURN = 4

/**
 * One connection to the bus, with a link to each address. Whenever the connection is lost, a new one is opened.
 *
 *     connecting --open--> open --lost--> waiting --backoff--> connecting
 *         +------failed------------------^
 *     from each of them close() --> closed; a refused login --> closed, and onFatal
 *
 * rhea's own reconnecting is off: it revives links whose deliveries it has forgotten. Here each connection is new, and
 * unsettled messages of the one before are sent again, byte for byte.
 */
export class SenderConnection implements Connection {
  readonly #options: SenderConnectionOptions
  #connection: AmqpConnection | undefined
  #links = new Map<Sender, Link>()
  #failures = 0
  #closed = false
  readonly #timers = new Set<() => void>()

  constructor (options: SenderConnectionOptions) {
    this.#options = options
    this.#connect()
  }

  pump (): void {
    for (const link of this.#links.values()) this.#pump(link)
  }

  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    this.#links.clear()
    const connection = this.#connection
    const socket = socketOf(connection)
    if (connection === undefined || socket === undefined || socket.closed) return
    await new Promise<void>(resolve => {
      const cancel = this.#options.timer(2_000, () => socket.destroy(new Error('the bus did not answer the close')))
      socket.once('close', () => {
        cancel()
        resolve()
      })
      if (connection.is_open()) connection.close()
      else socket.destroy(new Error('closed'))
    })
  }

  #connect (): void {
    const { url, username, password, tls } = this.#options
    const { protocol, hostname, port } = new URL(url)
    const secure = protocol === 'amqps:'
    const host = hostname.replace(/^\[|\]$/g, '')
    const connection = rhea.create_container().create_connection({
      transport: secure ? 'tls' : 'tcp',
      host,
      // rhea would give any host to the server as its name. TLS forbids an IP address there.
      ...(isIP(host) === 0 ? {} : { servername: '' }),
      ...(secure ? tls : {}),
      port: Number(port || (secure ? 5671 : 5672)),
      // A name without a password makes rhea use SASL ANONYMOUS, as omamqp1 does.
      username: username ?? 'anonymous',
      password,
      reconnect: false,
      idle_time_out: 8_000,
      tcp_no_delay: true,
      sender_options: { treat_modified_as_released: false }
    } as AmqpOptions)
    this.#connection = connection
    streamWrites(connection)
    const lost = (error?: Error) => this.#lost(connection, error)
    connection.on('connection_error', ({ error }: EventContext) => this.#refused(connection, error))
    for (const event of ['sender_error', 'session_error']) connection.on(event, () => {})
    for (const event of ['error', 'protocol_error']) connection.on(event, lost)
    connection.on('disconnected', ({ error }: EventContext) => lost(error))
    connection.on('connection_close', ({ error }: EventContext) => lost(error))
    connection.on('session_close', ({ session }: EventContext) => lost(session?.error as Error | undefined))
    connection.on('sender_close', ({ sender }: EventContext) => lost(sender?.error as Error | undefined))
    connection.on('sender_open', () => { this.#failures = 0 })
    connection.on('sendable', ({ sender }: EventContext) => this.#pump(this.#links.get(sender!)))
    connection.on('sender_draining', ({ sender }: EventContext) => this.#links.get(sender!)?.credit.drain())
    for (const event of ['accepted', 'rejected', 'released', 'modified', 'settled']) {
      connection.on(event, (context: EventContext) => this.#settled(context))
    }
    connection.connect()
    for (const [address, name] of this.#options.addresses.entries()) {
      // Each address has a session of its own: an unsettled delivery holds up its session, but not the other addresses.
      const session = connection.create_session(Math.max(2_048, this.#options.window * 4))
      session.begin()
      const sender = session.open_sender({ target: { address: name } })
      this.#links.set(sender, { address, sender, credit: new OutgoingCredit(sender), unsettled: new Map(), pumping: false })
    }
  }

  #pump (link: Link | undefined): void {
    if (link === undefined || link.pumping) return
    const { load, window } = this.#options
    for (let sent = 0; link.unsettled.size < window && link.credit.left > 0; sent++) {
      if (sent === PER_TURN) {
        link.pumping = true
        setImmediate(() => {
          link.pumping = false
          if (this.#links.get(link.sender) === link) this.#pump(link)
        })
        return
      }
      const next = load.next(link.address)
      if (next === undefined) return
      if (typeof next === 'number') return this.#later(next, () => this.#pump(this.#links.get(link.sender)))
      link.credit.take()
      link.unsettled.set(link.sender.send(next.bytes, undefined, 0), next)
    }
  }

  #settled ({ sender, delivery }: EventContext): void {
    const link = this.#links.get(sender!)
    const parcel = link?.unsettled.get(delivery!)
    const outcome = outcomeOf(delivery!)
    if (link === undefined || parcel === undefined || outcome === undefined) return
    link.unsettled.delete(delivery!)
    if (!delivery!.remote_settled) delivery!.update(true)
    if (this.#options.load.settle(parcel, outcome.name)) this.#return(link.address, parcel)
    this.#pump(link)
    this.#options.onSettled()
  }

  /**
   * The first time, the message is sent again at once, as rsyslog does. After that it waits: two peers that disagree
   * would else spin.
   */
  #return (address: number, parcel: Parcel): void {
    const again = () => {
      this.#options.load.sendAgain(address, [parcel])
      this.pump()
    }
    if (parcel.returns <= 1) again()
    else this.#later(backoff(parcel.returns - 1), again)
  }

  #lost (connection: AmqpConnection, error = new Error('the bus closed the connection')): void {
    if (this.#closed || connection !== this.#connection) return
    this.#connection = undefined
    const links = this.#links
    this.#links = new Map()
    for (const { address, unsettled } of links.values()) this.#options.load.sendAgain(address, [...unsettled.values()])
    socketOf(connection)?.destroy(error)
    const delay = backoff(++this.#failures)
    this.#options.onRetry(error, delay)
    this.#later(delay, () => this.#connect())
  }

  #refused (connection: AmqpConnection, error: EventContext['error']): void {
    if ((error as { condition?: string } | undefined)?.condition !== 'amqp:unauthorized-access') return
    if (this.#closed || connection !== this.#connection) return
    this.#closed = true
    for (const cancel of this.#timers) cancel()
    socketOf(connection)?.destroy(new Error('closed'))
    this.#options.onFatal(new LokeanError('LOKEAN_BUS', `the bus refused the login: ${error!.message}`, { cause: error }))
  }

  #later (ms: number, callback: () => void): void {
    const cancel = this.#options.timer(ms, () => {
      this.#timers.delete(cancel)
      callback()
    })
    this.#timers.add(cancel)
  }
}

function socketOf (connection: AmqpConnection | undefined): Socket | undefined {
  return (connection as unknown as { socket?: Socket } | undefined)?.socket
}
