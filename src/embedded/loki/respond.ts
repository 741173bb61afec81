import type { ServerResponse } from 'node:http'

/** Loki writes it in both ways. */
export const queryJson = 'application/json; charset=UTF-8'
export const formatJson = 'application/json; charset=utf-8'

export function send (res: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  res.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff', 'content-length': Buffer.byteLength(text) })
  res.end(text)
}
