import type { Readable } from 'node:stream'
import { fixed, type Provider } from '../provider.ts'
import type { Secret } from '../secret.ts'
import { partsOfTenant } from '../worker/messages/tenant-at.ts'
import { type Answer, classify, STORED_STATUS } from './classify.ts'
import { type Access as ConnectionAccess, basic, Connections, type Request } from './connections.ts'
import { Deadline } from './deadline.ts'
import { connectionFailure, type Failure } from './failure.ts'

export interface LokiLogin extends ConnectionAccess {
  username?: string
  password?: Secret
  token?: Secret
  /** Sent with each request. They never replace a header of the client's own. */
  headers?: ReadonlyArray<{ readonly name: string, readonly value: Secret }>
}

export interface LokiAccess {
  /** Base URLs of the distributors. */
  urls: readonly string[]
  /** The name in the certificate of each, where it is not the host of its URL. */
  servername?: string
  /** Without one, nobody logs in, and no proxy is used. */
  login?: Provider<LokiLogin>
  /** Paths in place of those of `urls`, by the name that a tenant has behind its @. */
  paths?: ReadonlyArray<{ readonly name: string, readonly path: string }>
  /** The limit on a whole request: from the search for a connection to the last byte read of the answer. */
  timeoutMs: number
  /** A further status that means stored: see classify. */
  storedStatus?: number
}

/** How long a distributor may take to say whether it is ready. */
const READY_MS = 10_000

const NEW_LOGIN = 'the login has changed since: the next attempt has the new one'

/** The client reads so much of Loki's answer: ten entries that are refused, and the labels of their stream. */
const MAX_MESSAGE = 8192

/** The longest answer that is read: 5,000 entries of a query have less, unless nearly all are as long as Loki takes. */
const MAX_ANSWER = 64 * 2 ** 20

/** Makes one HTTP call to a distributor. `endpoint` is an index into `urls`. No retry, no queue and no state here. */
export class LokiClient {
  readonly urls: readonly string[]
  readonly #connections: Connections[]
  readonly #headers: Record<string, string>
  readonly #login: Provider<LokiLogin>
  readonly #servername: string | undefined
  readonly #timeoutMs: number
  readonly #storedStatus: number | undefined
  readonly #paths: ReadonlyMap<string, string>

  constructor (access: LokiAccess, version: string) {
    const { login = fixed({}), servername, timeoutMs } = access
    this.urls = access.urls
    this.#timeoutMs = timeoutMs
    this.#login = login
    this.#servername = servername
    this.#storedStatus = access.storedStatus
    this.#paths = new Map(access.paths?.map(({ name, path }) => [name, path]))
    this.#connections = access.urls.map(url => new Connections(url, { access: login, servername, timeoutMs }))
    this.#headers = { 'content-type': 'application/x-protobuf', 'user-agent': `lokean/${version}` }
  }

  /** The promise never rejects. An aborted push counts as a lost connection. */
  async push (endpoint: number, tenant: string, body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    const request = new Deadline(this.#timeoutMs, signal)
    const noted = new NotedBody(body)
    try {
      return await this.#with(endpoint, async connection => {
        const login = this.#login.current
        const { statusCode: status, headers, body: answer } = await connection.request({
          method: 'POST',
          path: this.#path(endpoint, tenant, '/loki/api/v1/push'),
          headers: { ...this.#headersFor(tenant, login), 'content-length': `${body.length}` },
          // undici takes any iterable, which its types do not say.
          body: noted as unknown as Readable,
          signal: request.signal
        })
        const message = status === STORED_STATUS ? (await answer.dump(), '') : await beginning(answer)
        if (this.#outdated(status, login)) {
          return { kind: 'retry', reason: 'blocked', status, message: `${status} ${message}`, hint: NEW_LOGIN }
        }
        return classify({ status, message, retryAfter: header(headers['retry-after']) }, Date.now(), this.#storedStatus)
      })
    } catch (error) {
      const unsent = !noted.begun
      if (request.passed) return { kind: 'retry', reason: 'timeout', message: `no answer within ${this.#timeoutMs / 1000} s`, unsent }
      return { kind: 'retry', reason: 'connection', ...this.failure(endpoint, error), unsent }
    } finally {
      request.end()
    }
  }

  /**
   * Undefined where the distributor is ready for pushes, else why it is not. A gateway may know no `/ready`: any answer
   * below 500 counts.
   */
  async ready (endpoint: number, signal: AbortSignal): Promise<string | undefined> {
    const request = new Deadline(READY_MS, signal)
    try {
      const { status, text } = await this.get(endpoint, '', '/ready', request.signal)
      return status >= 500 ? `${status} ${text.trim().slice(0, MAX_MESSAGE)}` : undefined
    } catch (error) {
      return request.passed ? `no answer within ${READY_MS / 1000} s` : this.failure(endpoint, error).message
    } finally {
      request.end()
    }
  }

  /** Reads any path of Loki's API. Rejects where Loki gives no answer, or one that is longer than MAX_ANSWER. */
  async get (endpoint: number, tenant: string, path: string, signal: AbortSignal, headers = {}): Promise<{ status: number, text: string }> {
    return await this.read(endpoint, tenant, path, signal, async (status, body) => ({ status, text: await whole(body) }), headers)
  }

  /** As `get`, for an answer of any length: `use` gets its body as it comes, and need not read all of it. */
  async read<T> (
    endpoint: number, tenant: string, path: string, signal: AbortSignal,
    use: (status: number, body: AsyncIterable<Uint8Array>) => Promise<T>, headers = {}
  ): Promise<T> {
    return await this.#with(endpoint, async connection => {
      const login = this.#login.current
      const { statusCode, body } = await connection.request({
        method: 'GET', path: this.#path(endpoint, tenant, path), headers: { ...this.#headersFor(tenant, login), ...headers }, signal
      })
      this.#outdated(statusCode, login)
      return await use(statusCode, body)
    })
  }

  /** What an error of `get` means. */
  failure (endpoint: number, error: unknown): Failure {
    const { ca, cert, proxy } = this.#login.current
    return connectionFailure(error, { url: this.urls[endpoint] ?? '', servername: this.#servername, ca, cert, proxy: proxy?.url })
  }

  async close (): Promise<void> {
    await Promise.all(this.#connections.map(async connections => { await connections.close() }))
  }

  /** Where a connection cannot be had, the authorities or the certificate may have changed. */
  async #with<T> (endpoint: number, request: Request<T>): Promise<T> {
    const connections = this.#connections[endpoint]
    if (connections === undefined) throw new RangeError(`there is no distributor ${endpoint}`)
    try {
      return await connections.use(request)
    } catch (error) {
      this.#login.refresh()
      throw error
    }
  }

  /**
   * Whether the answer may be due to a login that another has replaced since. Some gateways answer a bad token by a
   * redirect to a login page.
   */
  #outdated (status: number, login: LokiLogin): boolean {
    return (status === 401 || status === 403 || (status >= 300 && status < 400)) && this.#login.refresh() !== login
  }

  #headersFor (tenant: string, login: LokiLogin): Record<string, string> {
    const own = Object.fromEntries(login.headers?.map(({ name, value }) => [name, value.reveal()]) ?? [])
    const headers = { ...own, ...this.#headers, ...authorization(login) }
    const { name } = partsOfTenant(tenant)
    return name === '' ? headers : { ...headers, 'x-scope-orgid': name }
  }

  #path (endpoint: number, tenant: string, path: string): string {
    const { path: name } = partsOfTenant(tenant)
    if (name === undefined) return new URL(this.urls[endpoint] ?? '').pathname.replace(/\/$/, '') + path
    const prefix = this.#paths.get(name)
    // By any other path, the records would be another tenant's.
    if (prefix === undefined) throw new Error(`${name} is no name in LOKEAN_LOKI_PATHS`)
    return prefix + path
  }
}

/** Notes when it is asked for. Until then, the request waits for a connection, and Loki has nothing of it. */
class NotedBody {
  readonly #bytes: Uint8Array
  begun = false

  constructor (bytes: Uint8Array) {
    this.#bytes = bytes
  }

  * [Symbol.iterator] (): Generator<Uint8Array> {
    this.begun = true
    yield this.#bytes
  }
}

function authorization ({ username, password, token }: LokiLogin): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token.reveal()}` }
  if (username === undefined) return {}
  return { authorization: basic(username, password) }
}

/** Does not wait for the rest: an answer may have no end. */
async function beginning (body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= MAX_MESSAGE) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_MESSAGE).trim()
}

async function whole (body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > MAX_ANSWER) throw new RangeError(`the answer has more than ${MAX_ANSWER} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function header (value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
