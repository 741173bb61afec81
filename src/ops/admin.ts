import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { formatHostPort } from '../config/endpoints.ts'
import { ConfigError } from '../errors.ts'
import { cleanText } from '../log.ts'
import type { Logger } from '../log.ts'
import { fixed, type Provider } from '../provider.ts'
import type { Secret } from '../secret.ts'
import { allows, CHALLENGE } from './admin-token.ts'
import { EVENTS, type LivePage, PAGE_HEADERS } from './page/page.ts'
import type { Check } from '../worker/messages/tasks.ts'

export interface Status {
  ready: boolean
  /** The names are those of Checks. */
  checks: Record<string, Check>
}

/** The part of prom-client's Registry that `/metrics` needs. */
interface Exposition { contentType: string, metrics: () => Promise<string> }

/**
 * Certificate and key are PEM text: with them, all is served over TLS. Who does not bring the token sees the probes
 * only.
 */
export interface AdminAccess { cert?: string | undefined, key?: Secret | undefined, token?: Secret | undefined }

export interface AdminOptions {
  host: string
  /** 0 takes a free port. */
  port: number
  /** Asked anew at each connection and request. Whether there is TLS does not change. */
  access?: Provider<AdminAccess>
  registry: Exposition
  /** Called on every `/readyz`. */
  status: () => Status
  /** Served at `/`, with its events at `/live`. */
  page?: Pick<LivePage, 'files' | 'watch'>
  log: Pick<Logger, 'error' | 'warn'>
  limits?: Partial<typeof LIMITS>
}

export interface Admin {
  url: string
  port: number
  /** Refuses new connections, closes open ones, and resolves when all are gone. May be called twice. */
  close: () => Promise<void>
}

interface Answer { status: number, type: string, body: string | Buffer, headers?: Record<string, string> }

const LIMITS = {
  /** Also how long an idle keep-alive connection stays. */
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  /** A connection is closed when its peer has not read or written for this long. */
  idleTimeoutMs: 15_000,
  /** How often Node checks the first two limits. Its default is 30 s. */
  checkIntervalMs: 1_000,
  headerBytes: 8 * 1024,
  connections: 64
}

const TEXT = 'text/plain; charset=utf-8'
const LIVE = '/live'
/** Kubernetes cannot bring a token of a secret. What they say has no secrets in it. */
export const PROBES = ['/healthz', '/readyz']
const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * Serves `/metrics` for Prometheus, the probes of Kubernetes, and the live page for people. `/healthz` answers as long
 * as the event loop turns: a failing bus is no reason for a restart. `/readyz` says whether records flow. Requests,
 * headers, time and connections are bounded; request bodies are not read. With a token, only the probes answer without
 * it. Rejects with ConfigError where it cannot listen.
 */
export async function startAdmin (options: AdminOptions): Promise<Admin> {
  const limits = { ...LIMITS, ...options.limits }
  const settings = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    keepAliveTimeout: limits.headersTimeoutMs,
    maxHeaderSize: limits.headerBytes
  }
  const { access = fixed<AdminAccess>({}) } = options
  const { cert } = access.current
  const server: Server = cert === undefined
    ? createServer(settings)
    : tlsServer(access, { ...settings, handshakeTimeout: limits.headersTimeoutMs })
  server.maxConnections = limits.connections
  server.timeout = limits.idleTimeoutMs
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const { token } = access.refresh()
    if (token !== undefined && !PROBES.includes(pathOf(request)) && !allows(token, request.headers.authorization)) {
      return send(request, response, { status: 401, type: TEXT, body: 'a token is needed\n', headers: { 'WWW-Authenticate': CHALLENGE } })
    }
    if (options.page !== undefined && request.method === 'GET' && pathOf(request) === LIVE) return watch(options.page, request, response)
    answer(request, options).catch((error: unknown) => {
      options.log.error({ err: error, path: pathOf(request) }, 'admin request failed')
      return { status: 500, type: TEXT, body: 'internal error\n' }
    }).then((result) => send(request, response, result), () => response.destroy())
  }
  server.on('request', handle)
  // The final answer comes at once, so that the peer need not send its body.
  server.on('checkContinue', handle)
  await listen(server, options)
  // A listening socket that fails later (out of file descriptors) must not end the process.
  server.on('error', (error) => options.log.warn({ err: error }, 'admin server'))

  const { port } = server.address() as AddressInfo
  return { url: `${cert === undefined ? 'http' : 'https'}://${formatHostPort(options.host, port)}`, port, close: () => close(server) }
}

/** Each new connection meets the certificate of its time. */
function tlsServer (access: Provider<AdminAccess>, settings: ServerOptions): TlsServer {
  const inPem = ({ cert, key }: AdminAccess) => ({ cert, key: key?.reveal() })
  let shown = access.current
  const server = createTlsServer({ ...settings, ...inPem(shown) })
  return server.prependListener('connection', () => {
    const current = access.refresh()
    if (current !== shown) server.setSecureContext(inPem(current))
    shown = current
  })
}

function listen (server: Server, { host, port }: AdminOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const address = formatHostPort(host, port)
      const reason = error.code === 'EADDRINUSE' ? 'the port is in use' : `cannot listen there (${error.code ?? error.message})`
      reject(new ConfigError(`LOKEAN_ADMIN_ADDR is ${JSON.stringify(address)}: ${reason}`, error))
    })
    server.listen({ host, port }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function close (server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function pathOf (request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/'
}

/** Answers `/live`. This answer does not end by itself. */
function watch (page: Pick<LivePage, 'watch'>, request: IncomingMessage, response: ServerResponse): void {
  setSafeHeaders(request, response)
  if (!page.watch(response)) send(request, response, { status: 503, type: TEXT, body: 'enough watch already\n' })
}

async function answer (request: IncomingMessage, { registry, status, page }: AdminOptions): Promise<Answer> {
  const path = pathOf(request)
  const file = page?.files.get(path)
  if (path !== '/metrics' && path !== '/healthz' && path !== '/readyz' && file === undefined && !(path === LIVE && page !== undefined)) {
    return { status: 404, type: TEXT, body: `not found: ${page === undefined ? '' : '/, '}/metrics, /healthz and /readyz are here\n` }
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, type: TEXT, body: 'GET and HEAD only\n' }
  if (file !== undefined) return { status: 200, ...file, headers: PAGE_HEADERS }
  // A GET of this path does not come here: see `watch`.
  if (path === LIVE) return { status: 200, type: EVENTS, body: '' }
  if (path === '/healthz') return { status: 200, type: TEXT, body: 'ok\n' }
  if (path === '/metrics') return { status: 200, type: registry.contentType, body: await registry.metrics() }
  const now = status()
  return { status: now.ready ? 200 : 503, type: JSON_TYPE, body: JSON.stringify(cleanStatus(now)) + '\n' }
}

/** Removes secrets from the details. A detail may quote an error, and an error may quote a URL. */
export function cleanStatus<T extends Status> ({ ready, checks }: T): T {
  const entries = Object.entries(checks).map(([name, { ok, detail, mend }]) => {
    return [name, { ok, detail: cleanText(detail), ...mend === undefined ? {} : { mend: cleanText(mend) } }] as const
  })
  return { ready, checks: Object.fromEntries(entries) } as T
}

function send (request: IncomingMessage, response: ServerResponse, { status, type, body, headers = {} }: Answer): void {
  setSafeHeaders(request, response)
  response.statusCode = status
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', Buffer.byteLength(body))
  if (status === 405) response.setHeader('Allow', 'GET, HEAD')
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(request.method === 'HEAD' ? undefined : body)
}

function setSafeHeaders (request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  // No body is read. The bytes of a body would be in the way of the next request, so the connection closes.
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  if (hasBody) response.setHeader('Connection', 'close')
}
