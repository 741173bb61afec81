import { once } from 'node:events'
import { request } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Identity } from '../helpers/authority.ts'
import type { Cleanup } from '../helpers/cleanup.ts'

/** What stands before a server without TLS, and shows a certificate that can change. */
export class TlsFront {
  readonly port: number
  /** Who came last, by the name in the client certificate. */
  lastPeer = ''
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor (server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    })
    server.on('secureConnection', (socket: TLSSocket) => { this.lastPeer = String(socket.getPeerCertificate().subject?.CN) })
    server.on('tlsClientError', () => {})
  }

  static async open (cleanup: Cleanup, server: Server): Promise<TlsFront> {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const front = new TlsFront(server)
    cleanup.add(() => {
      server.close()
      front.#drop()
    })
    return front
  }

  /** From now on it shows this certificate, and wants one of that authority. Who is there has to connect again. */
  renew (identity: Identity, ca?: string): void {
    this.#server.setSecureContext({ ...identity, ca })
    this.#drop()
  }

  #drop (): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }
}

/** Passes on what comes over TLS. */
export async function tlsFront (cleanup: Cleanup, target: () => number, identity: Identity): Promise<TlsFront> {
  return await TlsFront.open(cleanup, createServer(identity, near => {
    const far = connect(target(), '127.0.0.1').setNoDelay(true)
    for (const socket of [near, far]) socket.on('error', () => {})
    near.pipe(far).pipe(near)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  }))
}

/** A gateway as LokiStack has one: it wants a client certificate, and redirects a bad token to a login page. */
export async function gateway (
  cleanup: Cleanup, target: () => number, { identity, ca, token }: { identity: Identity, ca: string, token: () => string }
): Promise<TlsFront> {
  return await TlsFront.open(cleanup, createHttpsServer({ ...identity, ca, requestCert: true }, (asked, answer) => {
    if (asked.headers.authorization !== `Bearer ${token()}`) {
      asked.resume()
      answer.writeHead(302, { location: 'https://login.example' }).end()
      return
    }
    const { method, url: path, headers } = asked
    const passed = request({ host: '127.0.0.1', port: target(), method, path, headers }, response => {
      answer.writeHead(response.statusCode ?? 500, response.headers)
      response.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    asked.on('error', () => passed.destroy())
    asked.pipe(passed)
  }))
}
