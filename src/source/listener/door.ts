import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { ConfigError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { readProxyHeader } from './proxy-header.ts'
import type { Seldom } from './seldom.ts'
import { Handshakes, type TlsSettings } from './handshakes.ts'

export interface DoorOptions {
  /** The listener's name in messages. */
  address: string
  host: string
  port: number
  /** Undefined where the address is without TLS. */
  tls: TlsSettings | undefined
  proxyProtocol: boolean
  maxConnections: number
  maxHandshakes: number
  log: Logger
  seldom: Seldom
  /** How long the header of a proxy, and then a handshake, may take. */
  patienceMs?: number
}

export interface DoorEvents {
  /** A sender has come in. The socket is paused. `left` must be called when its connection is closed. */
  entered (socket: Socket | TLSSocket, host: string): void
  /** A sender waits, and all places are taken. Returns whether one will soon be free. */
  crowded (): boolean
  /** A connection was given up before it came in. */
  failed (): void
}

const PATIENCE_MS = 10_000
const BACKLOG = 4096
/** So few handshakes begin in a turn of the event loop, however many wait: in between, those inside are served. */
const BEGUN_A_TURN = 8
/** The socket of a machine that has gone is closed some minutes later. */
const KEEP_ALIVE_MS = 60_000

/**
 * Where senders come in.
 *
 *     waiting --(a place is free)--> [PROXY header] --> [TLS handshake] --> inside --left()--> out
 *        |                                 `------------------`--(fails, or takes too long)--> out
 *        `--(too many wait)--> out
 *
 * No connection is refused: a rsyslog with its default settings drops all records when one is. Node cannot leave
 * a connection in the kernel's backlog. So one that finds no place is accepted and waits unread, which is the same for
 * its sender. As many may wait as have places. Only then is the newest closed.
 */
export class Door {
  readonly #options: DoorOptions
  readonly #events: DoorEvents
  readonly #server: Server
  readonly #handshakes: Handshakes | undefined
  readonly #all = new Set<Socket>()
  #waiting: Socket[] = []
  #inside = 0
  #begun = false
  #scheduled: NodeJS.Immediate | undefined
  accepted = 0

  constructor (options: DoorOptions, events: DoorEvents) {
    this.#options = options
    this.#events = events
    this.#server = createServer({
      allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS
    })
      .on('connection', socket => this.#came(socket))
      .on('error', (error: NodeJS.ErrnoException) => this.#trouble(error))
    const { tls, patienceMs = PATIENCE_MS } = options
    if (tls !== undefined) this.#handshakes = new Handshakes({ ...options, tls, patienceMs, onRoom: () => this.#admitSoon() })
  }

  /** Listens, and lets nobody in yet. Rejects with ConfigError where that is not possible. */
  async open (): Promise<AddressInfo> {
    const { host, port, address } = this.#options
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void => {
        const reason = error.code === 'EADDRINUSE' ? 'the port is in use' : `cannot listen there (${error.code ?? error.message})`
        reject(new ConfigError(`LOKEAN_LISTEN has ${JSON.stringify(address)}: ${reason}`))
      }
      this.#server.once('error', refuse)
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.off('error', refuse)
        resolve()
      })
    })
    return this.#server.address() as AddressInfo
  }

  get waiting (): number {
    return this.#waiting.length
  }

  start (): void {
    this.#begun = true
    this.#admitSoon()
  }

  /** Lets nobody in any more. Those who come wait. */
  stop (): void {
    this.#begun = false
  }

  left (): void {
    this.#inside--
    this.#admitSoon()
  }

  async close (): Promise<void> {
    this.#begun = false
    clearImmediate(this.#scheduled)
    for (const socket of this.#all) socket.destroy()
    this.#handshakes?.close()
    if (this.#server.listening) await new Promise<void>(resolve => { this.#server.close(() => resolve()) })
  }

  #came (socket: Socket): void {
    this.accepted++
    this.#all.add(socket)
    socket.on('error', () => {}).once('close', () => this.#all.delete(socket))
    if (this.#waiting.length >= this.#options.maxConnections) {
      this.#warn('crowd', {}, 'too many connections wait for a place: the newest is closed (LOKEAN_LISTEN_MAX_CONNECTIONS)')
      this.#events.failed()
      socket.destroy()
      return
    }
    this.#waiting.push(socket)
    this.#admitSoon()
  }

  #admitSoon (): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      this.#admit()
    })
  }

  #admit (): void {
    const { maxConnections } = this.#options
    const most = this.#handshakes === undefined ? Infinity : BEGUN_A_TURN
    let admitted = 0
    for (const socket of this.#waiting) {
      if (!this.#begun || this.#inside >= maxConnections || this.#handshakes?.busy === true) break
      if (admitted === most) {
        this.#admitSoon()
        break
      }
      admitted++
      if (!socket.destroyed) this.#letIn(socket)
    }
    if (admitted > 0) this.#waiting = this.#waiting.slice(admitted)
    if (!this.#begun || this.#waiting.length === 0 || this.#inside < maxConnections || this.#events.crowded()) return
    this.#warn('full', { waiting: this.#waiting.length }, 'all places are taken: further senders wait (LOKEAN_LISTEN_MAX_CONNECTIONS)')
  }

  #letIn (socket: Socket): void {
    this.#inside++
    this.#begin(socket).then(entered => {
      if (entered === undefined) this.left()
      else this.#events.entered(entered.socket, entered.host)
    }, () => {
      socket.destroy()
      this.#events.failed()
      this.left()
    })
  }

  /** Resolves with `undefined` where the sender has gone. */
  async #begin (socket: Socket): Promise<{ socket: Socket | TLSSocket, host: string } | undefined> {
    const host = this.#options.proxyProtocol ? await this.#announced(socket) : socket.remoteAddress
    if (host === undefined || socket.destroyed) {
      socket.destroy()
      return undefined
    }
    if (this.#handshakes === undefined) return { socket, host }
    const secured = await this.#handshakes.shake(socket, host)
    return secured && { socket: secured, host }
  }

  async #announced (socket: Socket): Promise<string | undefined> {
    const timer = setTimeout(() => socket.destroy(), this.#options.patienceMs ?? PATIENCE_MS)
    try {
      return await readProxyHeader(socket)
    } catch (error) {
      this.#warn('no PROXY header', { peer: socket.remoteAddress }, 'a connection does not begin with a PROXY header, as LOKEAN_LISTEN_PROXY_PROTOCOL=on asks for; it is closed')
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Descriptors have run out, as a rule. Node goes on listening. */
  #trouble (error: NodeJS.ErrnoException): void {
    this.#warn(error.code ?? 'trouble', { reason: error.message }, 'a connection could not be accepted')
  }

  #warn (kind: string, fields: object, text: string): void {
    const { address, log, seldom } = this.#options
    seldom.tell(kind, untold => log.warn({ address, ...fields, ...(untold > 0 ? { untold } : {}) }, text))
  }
}
