import { certifiedNames, expiredAt, type PeerCertificate, tlsFailure, type TlsFailure } from '../tls-failure.ts'
import { proxyFailure } from './proxy-failure.ts'

/** Why no answer came. `hint` names the setting to check, where a setting may be wrong. */
export interface Failure { message: string, hint?: string }

/** What of the settings decides whether there is a connection. Certificates are PEM text. `proxy` is its URL. */
export interface Access { url: string, servername?: string, ca?: string, cert?: string, proxy?: string }

interface Cause {
  name?: string
  message?: string
  code?: string | number
  cause?: unknown
  /** Of an error of OpenSSL's. */
  reason?: string
  /** Of a certificate for another name. */
  cert?: PeerCertificate
  /** What came in place of an answer, by undici's HTTPParserError. */
  data?: string
}

/** `error` comes from undici, the socket or TLS. */
export function connectionFailure (error: unknown, access: Access): Failure {
  const { name, data = '', reason, cert, code: given } = (error ?? {}) as Cause
  // A DOMException, such as that of an abort, has a number.
  const code = typeof given === 'string' ? given : ''
  const { hostname, host } = new URL(access.url)
  const ofProxy = access.proxy === undefined ? undefined : proxyFailure(error, access.proxy, access.url)
  if (ofProxy !== undefined) return ofProxy
  const tls = tlsFailure(code)
  if (tls !== undefined) return inTls(tls, access, { names: certifiedNames(cert), words: reason ?? explain(error) })
  if (name === 'HTTPParserError') return noHttp(data)
  if (name === 'TimeoutError') return { message: 'no answer in time', hint: 'is it Loki that listens there (LOKEAN_LOKI_URL), and does it hang?' }
  if (code === 'ECONNREFUSED') return { message: `nothing listens there (${explain(error)})`, hint: `is Loki up, and the port of LOKEAN_LOKI_URL right (${host})?` }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return { message: `the name ${hostname} cannot be found (${explain(error)})`, hint: 'is the host of LOKEAN_LOKI_URL right, and does name resolution work here?' }
  }
  return { message: explain(error) }
}

function inTls (
  failure: TlsFailure, { url, servername = new URL(url).hostname, ca, cert }: Access, { names, words }: { names: string, words: string }
): Failure {
  switch (failure) {
    case 'untrusted': return {
      message: `the certificate of Loki is signed by nobody who is trusted here (${words})`,
      hint: ca === undefined
        ? 'LOKEAN_LOKI_CA must name a file with the authority that has signed it'
        : 'LOKEAN_LOKI_CA does not hold the authority that has signed it (or Loki leaves out one in between)'
    }
    case 'outdated': return { message: `the certificate of Loki is out of date (${words})`, hint: 'Loki needs a certificate that is valid now (or the clock here is wrong)' }
    case 'name': return {
      message: `the certificate of Loki is for ${names}, not for ${servername}`,
      hint: `LOKEAN_LOKI_URL or LOKEAN_LOKI_SERVERNAME must name Loki as its certificate does, or Loki needs a certificate for ${servername}`
    }
    case 'client': return { message: `Loki refuses the client certificate, or wants one (${words})`, hint: clientHint(cert) }
    case 'plain': return { message: 'no TLS is spoken at this port', hint: 'if this port speaks plain HTTP, LOKEAN_LOKI_URL must begin with http://' }
    case 'other': return { message: `TLS failed (${words})`, hint: 'which versions and ciphers of TLS does the server at LOKEAN_LOKI_URL take?' }
  }
}

function clientHint (cert: string | undefined): string {
  if (cert === undefined) return 'LOKEAN_LOKI_CERT and LOKEAN_LOKI_KEY are not set'
  const expired = expiredAt(cert)
  return expired === undefined
    ? 'does Loki trust who has signed the certificate in LOKEAN_LOKI_CERT?'
    : `the certificate in LOKEAN_LOKI_CERT has expired (${expired}): renew it`
}

/** The first byte of an alert and of a handshake (RFC 8446, 5.1). The second byte is 3. */
const TLS_RECORDS = new Set([0x15, 0x16])

/** `data`: the first bytes of what came, as text. */
function noHttp (data: string): Failure {
  if (data.startsWith('AMQP')) return { message: 'an AMQP bus answers at this port', hint: 'LOKEAN_LOKI_URL must be Loki\'s; the bus belongs in LOKEAN_AMQP_URL' }
  if (TLS_RECORDS.has(data.charCodeAt(0)) && data.charCodeAt(1) === 3) return { message: 'TLS is spoken at this port', hint: 'LOKEAN_LOKI_URL must begin with https://' }
  return { message: 'what answers is no HTTP', hint: 'is it Loki that listens there (LOKEAN_LOKI_URL)?' }
}

/** The error's own words. It has none where a name has several addresses and all of them failed; its code must do. */
function explain (error: unknown): string {
  const { message = '', code, cause } = (error ?? {}) as Cause
  const text = message !== '' ? message : String(code ?? error)
  return cause instanceof Error && cause.message !== '' ? `${text}: ${cause.message}` : text
}
