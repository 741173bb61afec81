import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import rhea from 'rhea'
import type { ConnectionOptions } from 'rhea'
import { LokeanError } from '../../errors.ts'
import { Address } from './address.ts'
import { Conditions } from './conditions.ts'
import { limitPeer } from './limits.ts'
import { OWN_OUTCOMES } from './outcomes.ts'
import { type AmqpError, Peer, type PeerInfo } from './peer.ts'
import type { AddressStats, Reorder } from './ports.ts'
import { deliverRaw } from './raw-transfer.ts'
import { boundFrames } from './read-path.ts'
import { separateOutcomes } from './separate-outcomes.ts'
import type { WindowRules } from './windows.ts'
import { sendFramesOf, streamWrites } from './write-path.ts'

/** The part of rhea's SASL that is used; it has no types. */
interface Mechanisms {
  enable_anonymous (): void
  enable_plain (check: (name: string, password: string) => boolean): void
}

export interface BusOptions extends WindowRules {
  /** 0, the default, takes a free port. A restart keeps it. */
  port?: number
  host?: string
  /** The largest frame that the bus takes, in bytes. */
  maxFrameSize?: number
  /** The largest frame that the bus sends, in bytes, also to receivers that would take larger ones. */
  sendFrameSize?: number
  /** The announced idle time-out in milliseconds. A peer that is silent for twice as long is closed. */
  idleTimeout?: number
  /** The deliveries that a sender's link may have unsettled. */
  senderCredit?: number
  /** With both, SASL PLAIN is required. Without, the bus takes ANONYMOUS, and peers without SASL. */
  username?: string
  password?: string
  tls?: TlsOptions
}

export type BusStats = Record<string, AddressStats>

/** What Qpid Dispatch Router 1.19 announces and grants. */
const DEFAULTS = { port: 0, host: '127.0.0.1', maxFrameSize: 16_384, idleTimeout: 8_000, senderCredit: 250 } satisfies BusOptions

/** The deliveries that one session can hold unsettled. rhea closes the connection of a peer that exceeds it. */
const SESSION_BUFFER = 8_192

/** Starts a bus. Resolves when the bus listens; rejects where it cannot. */
export async function startBus (options: BusOptions = {}): Promise<EmbeddedBus> {
  const bus = new EmbeddedBus(options)
  await bus.start()
  return bus
}

/**
 * An AMQP 1.0 bus in this process. To its peers it behaves as a Qpid Dispatch router: balanced addresses, outcomes end
 * to end, credit, frame size, idle time-out. It stores nothing: a message that no receiver has credit for waits, and
 * uses up its sender's credit. The methods below make the bus fail as routers and networks do.
 */
export class EmbeddedBus {
  readonly #options: BusOptions & typeof DEFAULTS
  readonly #addresses = new Map<string, Address>()
  readonly #peers = new Map<Socket, Peer | undefined>()
  readonly #conditions = new Conditions(() => this.stats())
  readonly #paused = new Set<Socket>()
  /** The last hundred errors that peers caused. None of them disturbs another peer. */
  readonly errors: Error[] = []
  #server: Server | undefined
  #port: number
  #stalled = false

  constructor (options: BusOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.#port = this.#options.port
  }

  get port (): number { return this.#port }

  get url (): string {
    const { host, tls } = this.#options
    return `${tls === undefined ? 'amqp' : 'amqps'}://${host.includes(':') ? `[${host}]` : host}:${this.#port}`
  }

  /** Listens on the port that the bus had before, if any. */
  async start (): Promise<void> {
    if (this.#server !== undefined) return
    const { host, tls } = this.#options
    const server = tls === undefined ? createServer() : createTlsServer(tls)
    this.#server = server
    server.on('connection', (socket: Socket) => this.#track(socket))
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => this.#accept(socket))
    server.on('tlsClientError', (error: Error) => this.#note(error))
    try {
      server.listen(this.#port, host)
      await once(server, 'listening')
    } catch (error) {
      this.#server = undefined
      throw new LokeanError('LOKEAN_BUS', `the bus cannot listen on ${host}:${this.#port}`, { cause: error })
    }
    this.#port = (server.address() as AddressInfo).port
  }

  /** Dies as a killed router does: cuts the sockets, and forgets all deliveries in flight. The counters stay. */
  async stop (): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = once(server, 'close')
    server.close()
    const error = new Error('the bus stopped')
    for (const peer of this.#peers.values()) peer?.drop(error)
    for (const socket of this.#peers.keys()) socket.destroy(error)
    await closed
  }

  /** Stops for good, and leaves nothing open. */
  async close (): Promise<void> {
    await this.stop()
    this.#conditions.close('the bus was closed')
  }

  /** Cuts the sockets of the peers that the filter picks; of all peers without one. Returns how many were cut. */
  dropConnections (filter: (peer: PeerInfo) => boolean = () => true): number {
    const dropped = [...this.#peers.values()].filter(peer => peer !== undefined && filter(peer.info))
    for (const peer of dropped) peer!.drop()
    return dropped.length
  }

  /** Ends the links, sessions or connections of all receivers, with an error. Returns how many peers were concerned. */
  endReceiving (over: 'link' | 'session' | 'connection', error: AmqpError): number {
    return [...this.#peers.values()].filter(peer => peer?.endReceiving(over, error)).length
  }

  /**
   * Cuts the sockets of all receivers. Their unsettled deliveries come again, in another order, to the next receivers.
   * Brokers do so, as they keep messages; a router gives them back to their senders. Returns how many will come again.
   */
  redeliver (order: Reorder): number {
    let deliveries = 0
    for (const address of this.#addresses.values()) deliveries += address.takeBack(order)
    this.dropConnections(({ receivers }) => receivers.length > 0)
    return deliveries
  }

  /** Makes the bus hang: it reads and writes nothing, not even heartbeats, while its sockets stay open. */
  stall (): void {
    if (this.#stalled) return
    this.#stalled = true
    for (const [socket, peer] of this.#peers) if (peer !== undefined) this.#pause(socket)
  }

  /** Ends a stall. The bus reads what the peers wrote meanwhile, and writes what waited. */
  resume (): void {
    this.#stalled = false
    for (const socket of this.#paused) {
      socket.resume()
      socket.uncork()
    }
    this.#paused.clear()
  }

  /** The counters of each address that a link was ever attached to. */
  stats (): BusStats {
    return Object.fromEntries([...this.#addresses].map(([name, address]) => [name, address.stats()]))
  }

  peers (): PeerInfo[] {
    return [...this.#peers.values()].filter(peer => peer !== undefined).map(peer => peer.info)
  }

  /**
   * Resolves when the predicate holds, with the statistics for which it does. It is asked at once, and at each change.
   */
  until (predicate: (stats: BusStats) => boolean): Promise<BusStats> {
    return this.#conditions.until(predicate)
  }

  #track (socket: Socket): void {
    this.#peers.set(socket, undefined)
    socket.setNoDelay(true)
    socket.on('error', () => {}) // rhea gets the error; before the peer has spoken, nobody needs it
    socket.on('close', () => {
      this.#peers.delete(socket)
      this.#paused.delete(socket)
      this.#conditions.changed()
    })
  }

  #accept (socket: Socket): void {
    if (!this.#peers.has(socket)) this.#track(socket)
    const { maxFrameSize, sendFrameSize, idleTimeout, tls } = this.#options
    const container = rhea.create_container({ id: 'lokean-demo-bus' })
    this.#enableSasl(container.sasl_server_mechanisms as Mechanisms)
    const connection = container.create_connection({
      max_frame_size: maxFrameSize,
      idle_time_out: idleTimeout,
      channel_max: 32_767,
      session_buffer_size: SESSION_BUFFER,
      properties: { product: 'lokean-demo-bus' },
      receiver_options: { autoaccept: false, credit_window: 0 },
      sender_options: { treat_modified_as_released: false },
      enable_sasl_external: tls?.requestCert === true
    } as unknown as ConnectionOptions)
    if (sendFrameSize !== undefined) sendFramesOf(connection, sendFrameSize)
    deliverRaw(connection, maxFrameSize)
    separateOutcomes(connection)
    streamWrites(connection)
    boundFrames(connection, maxFrameSize)
    limitPeer(connection, socket)
    const peer = new Peer(connection, socket, name => this.#address(name), error => this.#note(error), this.#options)
    this.#peers.set(socket, peer)
    if (this.#stalled) this.#pause(socket)
    ;(connection as unknown as { accept (socket: Socket): void }).accept(socket)
  }

  #enableSasl (mechanisms: Mechanisms): void {
    const { username, password } = this.#options
    if (username === undefined) mechanisms.enable_anonymous()
    else mechanisms.enable_plain((name, secret) => name === username && secret === password)
  }

  #address (name: string): Address {
    let address = this.#addresses.get(name)
    if (address === undefined) {
      address = new Address(this.#options.senderCredit, OWN_OUTCOMES, () => this.#conditions.changed())
      this.#addresses.set(name, address)
    }
    return address
  }

  #pause (socket: Socket): void {
    if (this.#paused.has(socket)) return
    this.#paused.add(socket)
    socket.pause()
    socket.cork()
  }

  #note (error: Error): void {
    this.errors.push(error)
    if (this.errors.length > 100) this.errors.shift()
  }
}
