import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LokeanError } from '../../errors.ts'
import type { Intercept } from './push/fault.ts'
import { Intake } from './push/intake.ts'
import type { Limits } from './push/limits.ts'
import { messagesOf } from './push/messages.ts'
import { answerPush } from './push/push-handler.ts'
import { QueryApi, type QueryRequest } from './query/query-api.ts'
import { Refusal, type RejectCounts } from './push/refusal.ts'
import { Store, type StoreOptions } from './store/store.ts'
import { limitsBodies, tenantLimits } from './tenant-limits.ts'
import type { LokiVersion } from './version.ts'

export interface LokiOptions {
  /** 0, the default, takes a free port. */
  port?: number
  /** Default 127.0.0.1. */
  host?: string
  /** Loki's defaults where not given. Infinity turns a limit off. */
  limits?: Partial<Limits>
  /** Which Loki it answers as; default 3.4.6. */
  version?: LokiVersion
  /** How many ingesters share a tenant's streams, each with its part of their limit; default 1. */
  ingesters?: number
  /**
   * Names of the limits that a tenant is told, where the version tells any; Loki's list where not given, all where
   * empty.
   */
  publishedLimits?: readonly string[]
  maxEntries?: number
  maxBytes?: number
  /** A marker whose numbers are counted also in entries that the store drops for lack of room (see Store.countIds). */
  countDropped?: string
  /** For callers that count entries which the store does not keep (see Store). */
  onStored?: StoreOptions['onStored']
  /** Where true, a request without X-Scope-OrgID gets 401. Else all requests belong to the tenant `fake`. */
  authEnabled?: boolean
  /** In ms since 1970. */
  now?: () => number
  intercept?: Intercept
}

export interface LokiStats {
  /** Requests to the push endpoint, with any outcome. */
  pushes: number
  /**
   * Entries stored since the start, repeats that were ignored, and stored entries that were dropped later for lack of
   * room. A repeat that Loki would not find is stored.
   */
  entries: number
  duplicates: number
  dropped: number
  /** The size of the entries that the store holds now. */
  bytes: number
  streams: number
  /** Entries that were not stored, by reason. For `malformed`, pushes. */
  rejected: RejectCounts
}

export interface EmbeddedLoki {
  url: string
  port: number
  store: Store
  stats (): LokiStats
  /** Changes limits, as Loki does when it reads its runtime configuration anew. */
  setLimits (limits: Partial<Limits>): void
  /** Ends all connections, also those with an unanswered request. */
  close (): Promise<void>
}

/** Answers POST /loki/api/v1/push and the queries of Grafana and logcli as a real Loki does, from memory. */
export async function startLoki (options: LokiOptions = {}): Promise<EmbeddedLoki> {
  const now = options.now ?? Date.now
  const version = options.version ?? '3.4.6'
  const store = new Store({ ...options, metadataTellsApart: version !== '3.4.6' })
  const intake = new Intake(store, options)
  const api = new QueryApi(store, intake.limits, messagesOf(version), now)
  const counter = { pushes: 0 }
  let closing = (): void => {}
  const closed = new Promise<void>((resolve) => { closing = resolve })

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url ?? '/', 'http://loki')
    if (url.pathname === '/ready') return send(res, 200, 'ready\n')
    if (url.pathname === '/loki/api/v1/status/buildinfo') return send(res, 200, buildInfo(version), 'application/json')
    const header = String(req.headers['x-scope-orgid'] ?? '')
    if (version !== '3.4.6' && Object.hasOwn(limitsBodies, url.pathname)) {
      if (req.method !== 'GET') return send(res, 405, '')
      // These ask for a tenant even where nothing else does.
      if (header === '') return send(res, 401, 'no org id\n')
      return send(res, 200, ...limitsBodies[url.pathname]!(tenantLimits(intake.limits, options.publishedLimits), version))
    }
    if (!url.pathname.startsWith('/loki/api/v1/')) return send(res, 404, '404 page not found\n')
    if (options.authEnabled === true && header === '') return send(res, 401, 'no org id\n')
    const tenant = options.authEnabled === true ? header : 'fake'
    if (url.pathname === '/loki/api/v1/push') {
      return await answerPush({ req, res, tenant, intake, intercept: options.intercept, counter, closed })
    }
    await answerQuery(req, res, url, tenant, api)
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((error: unknown) => {
      if (error instanceof Refusal) send(res, error.status, error.message)
      // Either the client is gone and needs no answer, or this server failed, which must not look like a refusal of
      // Loki's.
      else if (!res.headersSent && !res.destroyed) send(res, 500, `embedded Loki: ${String(error)}\n`)
      else res.destroy()
    })
  })
  server.keepAliveTimeout = 60_000
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new LokeanError('LOKEAN_PUSH', 'The embedded Loki cannot listen', { cause: error })
  }
  const { port, address, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    port,
    store,
    stats: () => ({
      pushes: counter.pushes,
      entries: store.entries,
      duplicates: store.duplicates,
      dropped: store.dropped,
      bytes: store.bytes,
      streams: store.streamCount,
      rejected: { ...intake.rejected }
    }),
    setLimits: limits => { intake.limits = limits },
    close: async () => {
      closing()
      if (!server.listening) return
      const ended = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await ended
    }
  }
}

const buildInfo = (version: LokiVersion): string => JSON.stringify({
  version, revision: 'embedded', branch: 'lokean', buildUser: '', buildDate: '', goVersion: ''
}) + '\n'

export function send (res: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  res.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff', 'content-length': Buffer.byteLength(text) })
  res.end(text)
}

async function answerQuery (req: IncomingMessage, res: ServerResponse, url: URL, tenant: string, api: QueryApi): Promise<void> {
  const path = url.pathname.slice('/loki/api/v1/'.length)
  const values = /^label\/([^/]+)\/values$/.exec(path)
  const methods: Record<string, (request: QueryRequest) => string> = {
    query_range: (request) => api.queryRange(request),
    query: (request) => api.query(request),
    labels: (request) => api.labels(request),
    label: (request) => api.labels(request),
    series: (request) => api.series(request),
    'index/stats': (request) => api.indexStats(request),
    'index/volume': (request) => api.indexVolume(request),
    detected_labels: (request) => api.detectedLabels(request)
  }
  const method = values !== null
    ? (request: QueryRequest): string => api.labelValues(request, decodeURIComponent(values[1]!))
    : Object.hasOwn(methods, path) ? methods[path] : undefined
  if (method === undefined) return send(res, 404, '404 page not found\n')
  if (req.method !== 'GET' && req.method !== 'POST') {
    res.writeHead(405).end()
    return
  }
  const params = url.searchParams
  if (req.method === 'POST') {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    for (const [name, value] of new URLSearchParams(Buffer.concat(chunks).toString('utf8'))) params.append(name, value)
  }
  const categorize = String(req.headers['x-loki-response-encoding-flags'] ?? '').split(',').includes('categorize-labels')
  send(res, 200, method({ tenant, params, categorize }), 'application/json; charset=UTF-8')
}
