import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { backoff, type Connection, type ConnectionOptions } from './connection.ts'
import type { StreamProtocol } from './stream-protocols.ts'
import type { Carrier, Session } from './session.ts'

export interface StreamOptions extends ConnectionOptions {
  protocol: StreamProtocol
  /** The address of the load whose messages this connection carries, and no other. */
  address: number
}

/** How long the peer may take to answer a close. */
const CLOSE_MS = 2_000

/**
 * One connection of a protocol that has the whole stream for itself, with a session of that protocol. Whenever the
 * connection is lost, a new one is opened, with a new session.
 *
 *     connecting --connected--> open --lost--> waiting --backoff--> connecting
 *         +--------failed-----------------------^
 *     from each of them close() --> closed
 */
export class StreamConnection implements Connection {
  readonly #options: StreamOptions
  #socket: Socket | undefined
  #session: Session | undefined
  #failures = 0
  #closed = false
  #waits = false
  readonly #timers = new Set<() => void>()

  constructor (options: StreamOptions) {
    this.#options = options
    this.#connect()
  }

  pump (): void {
    if (!this.#closed) this.#session?.pump()
  }

  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
    const socket = this.#socket
    if (socket === undefined || socket.closed) return
    await new Promise<void>(resolve => {
      const cancel = this.#options.timer(CLOSE_MS, () => socket.destroy())
      socket.once('close', () => {
        cancel()
        resolve()
      })
      if (this.#session === undefined) socket.destroy()
      else this.#session.end()
    })
  }

  #connect (): void {
    const socket = this.#open()
    this.#socket = socket
    const lost = (error?: Error) => this.#lost(socket, error)
    socket.setNoDelay(true)
    socket.once(this.#options.protocol.secure ? 'secureConnect' : 'connect', () => {
      if (this.#closed || socket !== this.#socket) return
      this.#session = this.#options.protocol.session(this.#carrier(socket))
      this.pump()
    })
    socket.on('data', bytes => {
      if (socket !== this.#socket) return
      try {
        this.#session?.read(bytes)
      } catch (error) {
        lost(error as Error)
      }
    })
    socket.on('error', lost)
    socket.once('close', () => lost())
  }

  #open (): Socket {
    const { url, protocol, tls } = this.#options
    const { hostname, port } = new URL(url)
    const host = hostname.replace(/^\[|\]$/g, '')
    if (!protocol.secure) return connectTcp({ host, port: Number(port) })
    return connectTls({ host, port: Number(port), servername: isIP(host) === 0 ? host : '', ...tls })
  }

  #carrier (socket: Socket): Carrier {
    const { load, window, address } = this.#options
    return {
      socket,
      window,
      next: () => {
        // Written to a socket that is lost, a message would be too.
        if (socket.destroyed || socket !== this.#socket) return undefined
        const next = load.next(address)
        if (typeof next !== 'number') return next
        this.#pumpIn(next)
        return undefined
      },
      settle: (parcel, fate) => {
        this.#failures = 0
        load.settle(parcel, fate)
        this.#options.onSettled()
      },
      fail: error => this.#lost(socket, error),
      later: (ms, callback) => this.#later(ms, callback)
    }
  }

  /** One wait at a time, however often there is nothing to send yet. */
  #pumpIn (ms: number): void {
    if (this.#waits) return
    this.#waits = true
    this.#later(ms, () => {
      this.#waits = false
      this.pump()
    })
  }

  #lost (socket: Socket, error = new Error('the peer closed the connection')): void {
    socket.destroy()
    if (this.#closed || socket !== this.#socket) return
    const { load, address, onRetry } = this.#options
    load.sendAgain(address, this.#session?.lost() ?? [])
    this.#socket = this.#session = undefined
    const delay = backoff(++this.#failures)
    onRetry(error, delay)
    this.#later(delay, () => this.#connect())
  }

  #later (ms: number, callback: () => void): () => void {
    const stop = this.#options.timer(ms, () => {
      this.#timers.delete(cancel)
      callback()
    })
    const cancel = () => {
      this.#timers.delete(cancel)
      stop()
    }
    this.#timers.add(cancel)
    return cancel
  }
}
