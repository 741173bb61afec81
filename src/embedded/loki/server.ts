import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LokeanError } from '../../errors.ts'
import { ExploreApi } from './explore/explore-api.ts'
import { parseTail } from './explore/tail.ts'
import { metricsText, metricsType, ruler } from './fixed-answers.ts'
import type { Intercept } from './push/fault.ts'
import { Intake } from './push/intake.ts'
import type { Limits } from './push/limits.ts'
import { messagesOf } from './push/messages.ts'
import { answerPush } from './push/push-handler.ts'
import { Refusal } from './push/refusal.ts'
import { QueryApi } from './query/query-api.ts'
import { answerRead, queryRequest } from './read-answers.ts'
import { send } from './respond.ts'
import type { LokiStats } from './stats.ts'
import { Store, type StoreOptions } from './store/store.ts'
import { serveTails, tailPath } from './tail-upgrade.ts'
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
  const apis = { query: new QueryApi(store, intake.limits, messagesOf(version), now), explore: new ExploreApi(store, intake.limits, now) }
  const counter = { pushes: 0 }
  let closing = (): void => {}
  const closed = new Promise<void>((resolve) => { closing = resolve })

  const stats = (): LokiStats => ({
    pushes: counter.pushes,
    entries: store.entries,
    duplicates: store.duplicates,
    dropped: store.dropped,
    bytes: store.bytes,
    streams: store.streamCount,
    rejected: { ...intake.rejected }
  })
  const tenantOf = ({ headers }: IncomingMessage): string | undefined =>
    options.authEnabled === true ? String(headers['x-scope-orgid'] ?? '') || undefined : 'fake'

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url ?? '/', 'http://loki')
    if (url.pathname === '/ready') return send(res, 200, 'ready\n')
    if (url.pathname === '/metrics') return send(res, 200, metricsText(version, store, stats()), metricsType)
    if (url.pathname === '/loki/api/v1/status/buildinfo') return send(res, 200, buildInfo(version), 'application/json')
    if (Object.hasOwn(ruler, url.pathname)) return send(res, ...ruler[url.pathname]!)
    const header = String(req.headers['x-scope-orgid'] ?? '')
    if (version !== '3.4.6' && Object.hasOwn(limitsBodies, url.pathname)) {
      if (req.method !== 'GET') return send(res, 405, '')
      // These ask for a tenant even where nothing else does.
      if (header === '') return send(res, 401, 'no org id\n')
      return send(res, 200, ...limitsBodies[url.pathname]!(tenantLimits(intake.limits, options.publishedLimits), version))
    }
    if (!url.pathname.startsWith('/loki/api/v1/')) return send(res, 404, '404 page not found\n')
    const tenant = tenantOf(req)
    if (tenant === undefined) return send(res, 401, 'no org id\n')
    if (url.pathname === '/loki/api/v1/push') {
      return await answerPush({ req, res, tenant, intake, intercept: options.intercept, counter, closed })
    }
    if (url.pathname === tailPath) {
      parseTail(queryRequest(req, url, tenant), now())
      return send(res, 400, 'Bad Request\n')
    }
    await answerRead(req, res, url, tenant, apis)
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
  const endTails = serveTails(server, { store, now, tenantOf })
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
    stats,
    setLimits: limits => { intake.limits = limits },
    close: async () => {
      closing()
      if (!server.listening) return
      const ended = once(server, 'close')
      server.close()
      server.closeAllConnections()
      endTails()
      await ended
    }
  }
}

const buildInfo = (version: LokiVersion): string => JSON.stringify({
  version, revision: 'embedded', branch: 'lokean', buildUser: '', buildDate: '', goVersion: ''
}) + '\n'
