import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface Received { method: string, url: string, headers: IncomingHttpHeaders, body: Buffer }

/** Starts a plain server on a free port of the loopback. All its sockets are gone when the test ends. */
export async function listen (t: TestContext, server: Server): Promise<{ port: number, sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => { sockets.delete(socket) })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>(resolve => { server.close(() => resolve()) })
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

/** Keeps each request, and answers by `answer` after the body is complete. */
export async function httpServer (
  t: TestContext,
  answer: (response: ServerResponse, received: Received) => void,
  tls?: { key: string, cert: string }
): Promise<{ url: string, received: Received[], sockets: Set<Socket> }> {
  const received: Received[] = []
  const listener: RequestListener = (request, response) => {
    void read(request).then(body => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
      received.push(one)
      answer(response, one)
    }, () => {})
  }
  const { port, sockets } = await listen(t, tls === undefined ? createServer(listener) : createTlsServer(tls, listener))
  return { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, received, sockets }
}

/** Starts a server without HTTP that passes each connection to `onSocket`. */
export async function tcpServer (t: TestContext, onSocket: (socket: Socket) => void): Promise<{ port: number, sockets: Set<Socket> }> {
  return await listen(t, createTcpServer(onSocket))
}

async function read (request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
