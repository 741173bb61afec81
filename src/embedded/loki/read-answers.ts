import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ExploreApi } from './explore/explore-api.ts'
import { Refusal } from './push/refusal.ts'
import type { QueryApi, QueryRequest } from './query/query-api.ts'
import { formatJson, queryJson, send } from './respond.ts'

export interface ReadApis { query: QueryApi, explore: ExploreApi }

type Method = (apis: ReadApis, request: QueryRequest) => string

const methods: Record<string, Method> = {
  query_range: ({ query }, request) => query.queryRange(request),
  query: ({ query }, request) => query.query(request),
  labels: ({ query }, request) => query.labels(request),
  label: ({ query }, request) => query.labels(request),
  series: ({ query }, request) => query.series(request),
  'index/stats': ({ explore }, request) => explore.stats(request),
  'index/volume': ({ explore }, request) => explore.volume(request),
  'index/volume_range': ({ explore }, request) => explore.volumeRange(request),
  'index/shards': ({ explore }, request) => explore.shards(request),
  patterns: ({ explore }, request) => explore.patterns(request),
  detected_labels: ({ explore }, request) => explore.detectedLabels(request),
  detected_fields: ({ explore }, request) => explore.detectedFields(request),
  format_query: ({ explore }, request) => explore.formatQuery(request)
}

/** Those with a name in their path. */
function methodOf (path: string): Method | undefined {
  const [, kind, name] = /^(label|detected_field)\/([^/]+)\/values$/.exec(path) ?? []
  if (name !== undefined) {
    const decoded = decodeURIComponent(name)
    return kind === 'label'
      ? ({ query }, request) => query.labelValues(request, decoded)
      : ({ explore }, request) => explore.detectedValues(request, decoded)
  }
  return Object.hasOwn(methods, path) ? methods[path] : undefined
}

/** Answers a request to a path below /loki/api/v1/ that reads. Its parameters may also come in a body. */
export async function answerRead (req: IncomingMessage, res: ServerResponse, url: URL, tenant: string, apis: ReadApis): Promise<void> {
  const path = url.pathname.slice('/loki/api/v1/'.length)
  const method = methodOf(path)
  if (method === undefined) return send(res, 404, '404 page not found\n')
  if (req.method !== 'GET' && req.method !== 'POST') {
    res.writeHead(405).end()
    return
  }
  const request = queryRequest(req, url, tenant)
  if (req.method === 'POST') {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    for (const [name, value] of new URLSearchParams(Buffer.concat(chunks).toString('utf8'))) request.params.append(name, value)
  }
  try {
    send(res, 200, method(apis, request), path === 'format_query' ? formatJson : queryJson)
  } catch (error) {
    if (path !== 'format_query' || !(error instanceof Refusal)) throw error
    send(res, error.status, JSON.stringify({ status: 'invalid-query', error: error.message }) + '\n', formatJson)
  }
}

export function queryRequest (req: IncomingMessage, url: URL, tenant: string): QueryRequest {
  const flags = String(req.headers['x-loki-response-encoding-flags'] ?? '').split(',')
  return { tenant, params: url.searchParams, categorize: flags.includes('categorize-labels') }
}
