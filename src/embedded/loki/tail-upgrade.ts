import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { parseTail, tail } from './explore/tail.ts'
import { Refusal } from './push/refusal.ts'
import { queryRequest } from './read-answers.ts'
import type { Store } from './store/store.ts'

export const tailPath = '/loki/api/v1/tail'

interface TailOptions {
  store: Store
  now: () => number
  /** Undefined where a request names no tenant and must. */
  tenantOf: (req: IncomingMessage) => string | undefined
}

/** Answers requests for a tail with a web socket. Returns what ends all of them. */
export function serveTails (server: Server, { store, now, tenantOf }: TailOptions): () => void {
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => {})
    try {
      const url = new URL(req.url ?? '/', 'http://loki')
      if (url.pathname !== tailPath) throw new Refusal(404, '404 page not found')
      const tenant = tenantOf(req)
      if (tenant === undefined) throw new Refusal(401, 'no org id')
      const request = parseTail(queryRequest(req, url, tenant), now())
      sockets.handleUpgrade(req, socket, head, (client) => tail(store, client, request, now()))
    } catch (error) {
      refuse(socket, error instanceof Refusal ? error : new Refusal(500, `embedded Loki: ${String(error)}`))
    }
  })
  return () => { for (const client of sockets.clients) client.terminate() }
}

function refuse (socket: Duplex, { status, message }: Refusal): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]!}\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n` +
    `content-length: ${Buffer.byteLength(message) + 1}\r\n\r\n${message}\n`)
}
