import { parentPort, workerData } from 'node:worker_threads'
import { runLogQuery } from './query/log-query.ts'
import { parseQuery } from './query/logql.ts'
import { startLoki, type EmbeddedLoki } from './server.ts'
import type { LokiThreadOptions } from './thread.ts'
import type { LinesOptions, StoredLine, ThreadMessage, ThreadRequest } from './thread-protocol.ts'

const week = 7n * 86_400_000_000_000n
const port = parentPort
if (port === null) throw new Error('This module runs as a worker thread only')
const post = (message: ThreadMessage): void => { port.postMessage(message) }

function lines (loki: EmbeddedLoki, { query, limit = 100, tenant = 'fake' }: LinesOptions): StoredLine[] {
  const parsed = parseQuery(query)
  if (parsed.kind !== 'log') throw new Error(`Not a log query: ${query}`)
  const now = BigInt(Date.now()) * 1_000_000n
  const range = { start: now - week, end: now + week, limit, direction: 'forward' as const, interval: 0 }
  return runLogQuery(loki.store, tenant, parsed, range).streams
    .flatMap((stream) => stream.lines.map(({ time, line }) => ({
      labels: Object.fromEntries(stream.labels.map(({ name, value }) => [name, value])), time: String(time), line
    })))
    .sort((a, b) => BigInt(a.time) < BigInt(b.time) ? -1 : 1)
}

async function answer (loki: EmbeddedLoki, request: ThreadRequest): Promise<unknown> {
  switch (request.kind) {
    case 'stats': return loki.stats()
    case 'reconcile': return loki.store.countIds(request.options.marker, request.options)
    case 'lines': return lines(loki, request.options)
    case 'close':
      await loki.close()
      port!.close()
      return undefined
  }
}

try {
  const loki = await startLoki(workerData as LokiThreadOptions)
  port.on('message', (request: ThreadRequest & { id: number }) => {
    answer(loki, request).then(
      (value) => { if (request.kind !== 'close') post({ kind: 'answer', id: request.id, value }) },
      (error: unknown) => { post({ kind: 'answer', id: request.id, error: String(error) }) })
  })
  post({ kind: 'listening', url: loki.url, port: loki.port })
} catch (error) {
  const caused = error instanceof Error && error.cause instanceof Error
  post({ kind: 'failed', error: caused ? `${error.message}: ${String(error.cause)}` : String(error) })
}
