import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { listen } from './http-server.ts'

/** One request that came to a proxy: `CONNECT host:port`, or the URL in full. */
export interface Proxied { method: string, target: string, headers: IncomingHttpHeaders }

export interface HttpProxy {
  url: string
  proxied: Proxied[]
  /** The status that all get from now on; undefined where they pass. */
  refusal: number | undefined
}

/** A proxy as squid is one: it makes tunnels for CONNECT, and passes on other requests, whose URL is in full. */
export async function httpProxy (
  t: TestContext, { login, tls }: { login?: string, tls?: { key: string, cert: string } } = {}
): Promise<HttpProxy> {
  const proxy: HttpProxy = { url: '', proxied: [], refusal: undefined }
  const wanted = login && `Basic ${Buffer.from(login).toString('base64')}`
  const refusal = ({ method = '', url: target = '', headers }: IncomingMessage): number | undefined => {
    proxy.proxied.push({ method, target, headers })
    return proxy.refusal ?? (headers['proxy-authorization'] === wanted ? undefined : 407)
  }
  const pass: RequestListener = (incoming, response) => {
    const status = refusal(incoming)
    if (status !== undefined) {
      response.writeHead(status).end('the proxy says so')
      return
    }
    const { 'proxy-authorization': _own, ...headers } = incoming.headers
    const onward = request(incoming.url ?? '', { method: incoming.method, headers, agent: false }, answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => { response.destroy() })
    incoming.pipe(onward)
  }
  const server = tls === undefined ? createServer(pass) : createTlsServer(tls, pass)
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    const status = refusal(incoming)
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} Refused\r\n\r\n`)
      return
    }
    const [host, port] = (incoming.url ?? '').split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    for (const one of [socket, onward]) one.on('error', () => { socket.destroy(); onward.destroy() })
    socket.on('close', () => { onward.destroy() })
  })
  const { port } = await listen(t, server)
  proxy.url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  return proxy
}
