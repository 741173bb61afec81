import { X509Certificate } from 'node:crypto'

/**
 * Why TLS failed.
 * - untrusted: another authority among the trusted ones would help.
 * - outdated: the peer's certificate has expired, or is not valid yet.
 * - name: the peer's certificate is for another name.
 * - client: the peer refuses the certificate here, or asks for one.
 * - plain: what came is no TLS.
 * - other: anything else.
 */
export type TlsFailure = 'untrusted' | 'outdated' | 'name' | 'client' | 'plain' | 'other'

/** Those of OpenSSL's reasons (X509_V_ERR) that another authority among the trusted ones would remove. */
const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_SIGNATURE_FAILURE', 'CERT_UNTRUSTED', 'INVALID_CA'
])
const OUTDATED = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])
const PLAIN = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'])
/** Alerts by which the peer refuses the certificate here, or asks for one (RFC 8446, 6.2). */
const CLIENT = /^ERR_SSL_\w*ALERT_(?:\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)$/

/** `code`: that of an error of Node's. Undefined where it is not about TLS. */
export function tlsFailure (code: string): TlsFailure | undefined {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'name'
  if (UNTRUSTED.has(code)) return 'untrusted'
  if (OUTDATED.has(code)) return 'outdated'
  if (PLAIN.has(code)) return 'plain'
  if (CLIENT.test(code)) return 'client'
  return code.startsWith('ERR_SSL_') ? 'other' : undefined
}

export interface PeerCertificate { subject?: { CN?: string }, subjectaltname?: string }

/** The names that a certificate is for, in words. */
export function certifiedNames (cert: PeerCertificate | undefined): string {
  return cert?.subjectaltname ?? cert?.subject?.CN ?? 'no name'
}

/** When a certificate has expired; undefined where it has not. */
export function expiredAt (pem: string): string | undefined {
  const { validTo } = new X509Certificate(pem)
  return Date.parse(validTo) < Date.now() ? validTo : undefined
}
