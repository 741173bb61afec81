import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Logger } from '../../log.ts'
import type { Provider } from '../../provider.ts'
import type { Secret } from '../../secret.ts'
import { tlsFailure } from '../../tls-failure.ts'
import { isPermitted, namesOf, type PermittedPeer } from './permitted.ts'
import type { Seldom } from './seldom.ts'

/** PEM text. Without certificate and key, no handshake succeeds. */
export interface Identity {
  cert: string | undefined
  key: Secret | undefined
  /** Where set, senders need a certificate of one of these authorities. */
  ca: string | undefined
}

export interface TlsSettings {
  identity: Provider<Identity>
  /** Where set, only these may send. */
  peers: readonly PermittedPeer[] | undefined
}

interface Options {
  tls: TlsSettings
  address: string
  log: Logger
  seldom: Seldom
  /**
   * How many are made at a time. A handshake takes a millisecond or more of the main thread, and other senders' bytes
   * and answers come in between.
   */
  maxHandshakes: number
  patienceMs: number
  /** A handshake is over, or waits for its sender: there is room for another. */
  onRoom: () => void
}

/** A handshake that takes longer waits for its sender, at no cost. Those who say nothing must not keep others out. */
const QUICK_MS = 1_000

interface Shaking { host: string, quick: NodeJS.Timeout | undefined, resolve: (socket: TLSSocket | undefined) => void }

/** Makes the TLS handshakes of the connections that were let in, and looks at the senders' certificates. */
export class Handshakes {
  readonly #options: Options
  readonly #server: Server
  /** By the socket's remote end, which a TLSSocket tells too. */
  readonly #shaking = new Map<string, Shaking>()
  #quick = 0
  /** What the next handshake shows. */
  #identity: Identity

  constructor (options: Options) {
    this.#options = options
    const { tls: { identity, peers }, patienceMs } = options
    this.#identity = identity.current
    this.#server = createServer({
      ...inPem(this.#identity),
      requestCert: this.#identity.ca !== undefined || peers !== undefined,
      // The certificate is looked at here, so that a log line tells why it is refused.
      rejectUnauthorized: false,
      handshakeTimeout: patienceMs
    })
      .on('secureConnection', socket => this.#secured(socket))
      .on('tlsClientError', (error: NodeJS.ErrnoException, socket) => this.#failed(error, socket))
  }

  get busy (): boolean {
    return this.#quick >= this.#options.maxHandshakes
  }

  /** Resolves with `undefined` where no connection comes of it. It is closed then, and the log says why. */
  async shake (socket: Socket, host: string): Promise<TLSSocket | undefined> {
    const end = endOf(socket)
    this.#renew()
    return await new Promise(resolve => {
      const over = (): void => this.#end(end, undefined)
      const shaking: Shaking = {
        host,
        quick: setTimeout(() => this.#leave(shaking), QUICK_MS),
        resolve: secured => { socket.off('close', over); resolve(secured) }
      }
      this.#quick++
      this.#shaking.set(end, shaking)
      socket.once('close', over)
      // Who ends the connection within the handshake is gone. The TLSSocket takes this over from the socket.
      socket.allowHalfOpen = false
      this.#server.emit('connection', socket)
    })
  }

  close (): void {
    for (const end of this.#shaking.keys()) this.#end(end, undefined)
  }

  /** Connections that are there stay as they are. */
  #renew (): void {
    const identity = this.#options.tls.identity.refresh()
    if (identity === this.#identity) return
    this.#identity = identity
    this.#server.setSecureContext(inPem(identity))
  }

  #end (end: string, secured: TLSSocket | undefined): void {
    const shaking = this.#shaking.get(end)
    if (shaking === undefined) return
    this.#shaking.delete(end)
    this.#leave(shaking)
    shaking.resolve(secured)
  }

  /** The handshake does not count among those at once any more. */
  #leave (shaking: Shaking): void {
    if (shaking.quick === undefined) return
    clearTimeout(shaking.quick)
    shaking.quick = undefined
    this.#quick--
    this.#options.onRoom()
  }

  #secured (socket: TLSSocket): void {
    const end = endOf(socket)
    const refusal = this.#refusal(socket)
    socket.allowHalfOpen = true
    if (refusal === undefined && this.#shaking.has(end)) return this.#end(end, socket)
    if (refusal !== undefined) this.#warn(refusal.kind, end, { ...refusal.fields }, refusal.text)
    socket.on('error', () => {}).destroy()
    this.#end(end, undefined)
  }

  #refusal (socket: TLSSocket): { kind: string, fields: object, text: string } | undefined {
    const { peers } = this.#options.tls
    const { ca } = this.#identity
    if (ca === undefined && peers === undefined) return undefined
    const certificate = socket.getPeerCertificate()
    if (Object.keys(certificate).length === 0) {
      return { kind: 'no certificate', fields: {}, text: 'a sender showed no certificate: LOKEAN_LISTEN_CA or LOKEAN_LISTEN_PEERS asks for one' }
    }
    if (ca !== undefined && !socket.authorized) {
      return { kind: 'not of the CA', fields: { reason: socket.authorizationError }, text: 'a sender showed a certificate that LOKEAN_LISTEN_CA does not allow' }
    }
    if (peers === undefined || isPermitted(certificate, peers)) return undefined
    const fields = { names: namesOf(certificate), sha256: certificate.fingerprint256 }
    return { kind: 'not permitted', fields, text: 'a sender showed a certificate that is not among LOKEAN_LISTEN_PEERS' }
  }

  /** A health check connects and closes. It says nothing, and nothing is said of it. */
  #failed (error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const { code = '' } = error
    const end = endOf(socket)
    const { address, log } = this.#options
    if (code === 'ECONNRESET') log.debug({ address, peer: end }, 'a connection closed before its TLS handshake')
    else this.#warn(code, end, { reason: error.message, hint: hintFor(code) }, 'a TLS handshake with a sender failed')
    socket.destroy()
    this.#end(end, undefined)
  }

  #warn (kind: string, end: string, fields: object, text: string): void {
    const { address, log, seldom } = this.#options
    const peer = this.#shaking.get(end)?.host
    seldom.tell(kind, untold => log.warn({ address, peer, ...fields, ...(untold > 0 ? { untold } : {}) }, text))
  }
}

function inPem ({ cert, key, ca }: Identity) {
  return { cert, key: key?.reveal(), ca }
}

function endOf ({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

function hintFor (code: string): string | undefined {
  if (code === 'ERR_SSL_NO_SHARED_CIPHER') return 'rsyslog with GnuTLS and no certificate of its own offers anonymous ciphers only: set tls.myCert and tls.myPrivKey there, or tls.tlslib="openssl"'
  const failure = tlsFailure(code)
  if (failure === 'plain') return 'what came is no TLS: the address without TLS begins with relp:// or syslog+tcp://'
  if (failure === 'client') return 'the sender refuses the certificate of LOKEAN_LISTEN_CERT'
  return undefined
}
