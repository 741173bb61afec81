import { isIP } from 'node:net'
import { type buildConnector, Client, type Dispatcher, ProxyAgent } from 'undici'
import type { Provider } from '../provider.ts'
import type { Secret } from '../secret.ts'

/** A proxy that all connections go through. */
export interface ProxyAccess {
  readonly url: string
  readonly credentials: { readonly username: string, readonly password: Secret | undefined } | undefined
}

/** How a connection is made. Authorities, certificate and key are PEM text. */
export interface Access { ca?: string, cert?: string, key?: Secret, proxy?: ProxyAccess }

export interface ConnectionOptions {
  access: Provider<Access>
  /** The name in the server's certificate, where it is not the host of the URL. */
  servername?: string
  /** The limit on a connection's setup. */
  timeoutMs: number
  /** A connection of this age gets no further request. Each adds a random time, up to as much again. */
  ageMs?: number
}

type RequestOptions = Omit<Dispatcher.RequestOptions, 'origin' | 'signal'> & { signal: AbortSignal }

/** A connection as it is lent. */
export interface LentConnection {
  request: (options: RequestOptions) => Promise<Dispatcher.ResponseData>
}

/** Uses a connection, and reads the answer too. */
export type Request<T> = (connection: LentConnection) => Promise<T>

interface Connection { dispatcher: Dispatcher, requests: number, until: number, access: Access }

/** Where tenants come from a field, there may be more shards than this. Their pushes take turns. */
const MAX_CONNECTIONS = 256

/**
 * An idle connection is closed after this time. Load balancers and servers close it after about 60 s, and a push that
 * is on its way then would be lost.
 */
const KEEP_ALIVE_MS = 30_000
/** The next connection may reach another backend behind the same address. */
const AGE_MS = 3_000

/**
 * The connections to one distributor. Several backends may stand behind its address, each connection reaching one of
 * them. So that these share the load, also where one request follows the other, the connections take turns, and each is
 * renewed every few seconds. undici's pools prefer one connection to the others.
 */
export class Connections {
  readonly #origin: string
  readonly #options: ConnectionOptions
  /** In the order of their last use, the longest ago first. */
  #connections: Connection[] = []
  #closed = false

  constructor (url: string, options: ConnectionOptions) {
    this.#origin = new URL(url).origin
    this.#options = options
  }

  /** Lends a connection to `request`. */
  async use<T> (request: Request<T>): Promise<T> {
    if (this.#closed) throw new Error('the connections to Loki are closed')
    const connection = this.#next()
    connection.requests++
    try {
      return await request({ request: async options => await this.#request(connection, options) })
    } finally {
      // Where the server closes after its answer, that is seen a turn later. The connection is not free before.
      setImmediate(() => { connection.requests-- })
    }
  }

  /** A request that waits for its tunnel through a proxy does not hear its signal. Then its connection is given up. */
  async #request (connection: Connection, options: RequestOptions): Promise<Dispatcher.ResponseData> {
    const { dispatcher, access: { proxy } } = connection
    const { signal } = options
    const giveUp = (): void => {
      this.#connections = this.#connections.filter(one => one !== connection)
      void dispatcher.destroy()
    }
    if (proxy !== undefined) signal.addEventListener('abort', giveUp, { once: true })
    try {
      return await dispatcher.request({ ...options, origin: this.#origin })
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  async close (): Promise<void> {
    this.#closed = true
    await Promise.all(this.#connections.splice(0).map(async ({ dispatcher }) => { await dispatcher.destroy() }))
  }

  /**
   * Returns the free connection that was used longest ago. A new one where all are busy; where there are too many, the
   * request waits for one.
   */
  #next (): Connection {
    this.#retire()
    const free = this.#connections.findIndex(({ requests }) => requests === 0)
    const again = free >= 0 || this.#connections.length >= MAX_CONNECTIONS
    const [connection = this.#open()] = again ? this.#connections.splice(Math.max(free, 0), 1) : []
    this.#connections.push(connection)
    return connection
  }

  /** Closes free connections that are too old, or were opened as somebody else. */
  #retire (): void {
    const now = performance.now()
    const { current } = this.#options.access
    const old = this.#connections.filter(({ requests, until, access }) => requests === 0 && (now >= until || access !== current))
    if (old.length === 0) return
    this.#connections = this.#connections.filter(connection => !old.includes(connection))
    for (const { dispatcher } of old) void dispatcher.destroy()
  }

  #open (): Connection {
    const { ageMs = AGE_MS } = this.#options
    const access = this.#options.access.refresh()
    const dispatcher = dispatcherOf(this.#origin, access, this.#options)
    return { dispatcher, requests: 0, until: performance.now() + ageMs * (1 + Math.random()), access }
  }
}

function dispatcherOf (
  origin: string, { ca, cert, key, proxy }: Access, { servername, timeoutMs }: Omit<ConnectionOptions, 'access'>
): Dispatcher {
  const connect = { ca, cert, key: key?.reveal(), servername, timeout: timeoutMs }
  const options = {
    pipelining: 1,
    // One deadline for the whole request (Deadline) replaces undici's timeouts for its phases.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS
  }
  if (proxy === undefined) return new Client(origin, { ...options, connect })
  return new ProxyAgent({
    ...options,
    uri: proxy.url,
    token: proxy.credentials && basic(proxy.credentials.username, proxy.credentials.password),
    // Proxies let few ports through by CONNECT, and 443 first: a request over plain HTTP has its URL in full instead.
    proxyTunnel: false,
    connections: 1,
    requestTls: connect,
    proxyTls: { ca, timeout: timeoutMs },
    clientFactory: (url, { connect }: { connect: buildConnector.connector }) => new Client(url, { connect: withoutAddress(connect) }),
    factory: (origin, { connect }: Pick<Client.Options, 'connect'>) => new Client(origin, { ...options, connect })
  })
}

/** undici gives the host of the proxy as the name in TLS, also where it is an address, which Node 26 refuses. */
function withoutAddress (connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => connect(isIP(options.servername ?? '') === 0 ? options : { ...options, servername: undefined }, callback)
}

/** The value of a header that logs in with a name and a password (RFC 7617). */
export function basic (username: string, password: Secret | undefined): string {
  return `Basic ${Buffer.from(`${username}:${password?.reveal() ?? ''}`).toString('base64')}`
}
