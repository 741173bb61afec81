import { certifiedNames, expiredAt, type PeerCertificate, tlsFailure } from '../../tls-failure.ts'
import type { Credentials, BusHost } from './connection.ts'
import { describe } from './subscription.ts'

/** Why there is no connection, or no link. `hint` names the setting to check, where a setting may be wrong. */
export interface Failure { reason: string, hint?: string }

/** The failure as fields of a log line. */
export function logFields ({ reason, hint }: Failure): { reason: string, mend?: string } {
  return { reason, mend: hint }
}

export function inWords ({ reason, hint }: Failure): string {
  return hint === undefined ? reason : `${reason}; ${hint}`
}

/** The failure of a connection over which nothing has come for so long. */
export function noAnswer (ms: number): Failure {
  return { reason: `no answer within ${ms / 1000} s`, hint: 'is it a bus that listens there (LOKEAN_AMQP_URL), and does it hang?' }
}

interface Circumstances {
  busHost: BusHost
  credentials: Credentials
  /** Whether the bus had opened the connection before it failed. */
  opened: boolean
}

/**
 * The failure of a connection. `error` comes from rhea, the socket or TLS; undefined where the connection just ended.
 */
export function connectionFailure (error: unknown, circumstances: Circumstances): Failure {
  const { busHost, opened } = circumstances
  const { code, condition, cert } = (error ?? {}) as { code?: string, condition?: string, cert?: PeerCertificate }
  if (tlsFailure(code ?? '') === 'name') return wrongName(busHost.servername ?? busHost.host, cert)
  return { reason: reasonOf(error, code, opened), hint: hintOf(code, condition, circumstances) }
}

/** A bus that ends the connection in mid-login shows as an end or as a reset, by chance: both have the same words. */
function reasonOf (error: unknown, code: string | undefined, opened: boolean): string {
  const explained = explain(error)
  if (opened) return explained ?? 'connection lost'
  if (explained === undefined) return SHUT_OUT
  return code !== undefined && SILENT.has(code) ? `${SHUT_OUT}: ${explained}` : explained
}

/** The failure of a link that the bus ended, or did not attach. */
export function linkFailure (reason: string, condition?: string): Failure {
  if (condition === 'amqp:not-found') return { reason, hint: 'does the bus have this address? LOKEAN_AMQP_ADDRESSES asks for it' }
  if (condition === 'amqp:unauthorized-access' || condition === 'amqp:not-allowed') {
    return { reason, hint: 'may this user (LOKEAN_AMQP_USERNAME or LOKEAN_AMQP_CERT) receive from this address?' }
  }
  return { reason }
}

function wrongName (host: string, cert: PeerCertificate | undefined): Failure {
  return {
    reason: `the certificate of the bus is for ${certifiedNames(cert)}, not for ${host}`,
    hint: `LOKEAN_AMQP_URL or LOKEAN_AMQP_SERVERNAME must name the bus as its certificate does, or the bus needs a certificate for ${host}`
  }
}

function hintOf (code: string | undefined, condition: string | undefined, circumstances: Circumstances): string | undefined {
  const { busHost, credentials, opened } = circumstances
  if (condition === 'amqp:unauthorized-access') return loginHint(credentials)
  if (condition !== undefined) return undefined
  if (code === undefined || SILENT.has(code)) return opened ? undefined : unspokenHint(busHost, credentials)
  if (UNREACHABLE.has(code)) return 'is the bus up, and LOKEAN_AMQP_URL right?'
  switch (tlsFailure(code)) {
    case 'untrusted': return untrustedHint(credentials)
    case 'outdated': return 'the bus needs a certificate that is valid now (or the clock here is wrong)'
    case 'client': return certificateHint(credentials)
    case 'plain':
    case 'other': return 'if this port speaks no TLS, LOKEAN_AMQP_URL must begin with amqp://'
    default: return undefined
  }
}

const SHUT_OUT = 'connection lost before the bus had let us in'
const SILENT = new Set(['ECONNRESET', 'EPIPE'])
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])

function loginHint ({ username, cert }: Credentials): string {
  if (username !== undefined) {
    return 'does the bus take LOKEAN_AMQP_USERNAME with LOKEAN_AMQP_PASSWORD (or those in LOKEAN_AMQP_URL), and offer PLAIN?'
  }
  if (cert !== undefined) return 'does the bus offer EXTERNAL, and know the subject of LOKEAN_AMQP_CERT?'
  return 'the bus wants a login: set LOKEAN_AMQP_USERNAME and LOKEAN_AMQP_PASSWORD, or LOKEAN_AMQP_CERT and LOKEAN_AMQP_KEY'
}

function untrustedHint ({ ca }: Credentials): string {
  return ca === undefined
    ? 'the system does not know who has signed the certificate of the bus: LOKEAN_AMQP_CA must name a file with that authority'
    : 'LOKEAN_AMQP_CA does not hold the authority that has signed the certificate of the bus (or the bus leaves out one in between)'
}

/** Some buses, the Qpid router among them, end the connection without a reason when something is missing. */
function unspokenHint ({ tls }: BusHost, credentials: Credentials): string {
  return tls
    ? `${certificateHint(credentials)} If this port speaks no TLS, LOKEAN_AMQP_URL must begin with amqp://`
    : 'if this port wants TLS, LOKEAN_AMQP_URL must begin with amqps://'
}

function certificateHint ({ cert }: Credentials): string {
  if (cert === undefined) return 'does the bus want a client certificate? LOKEAN_AMQP_CERT and LOKEAN_AMQP_KEY are not set.'
  const expired = expiredAt(cert)
  if (expired !== undefined) return `the certificate in LOKEAN_AMQP_CERT has expired (${expired}): renew it.`
  return 'does the bus trust who has signed the certificate in LOKEAN_AMQP_CERT?'
}

/**
 * An error in words. It comes from AMQP, TLS or the socket. A socket error has no message where a name has several
 * addresses and all of them failed; then its code must do.
 */
function explain (error: unknown): string | undefined {
  if (!(error instanceof Error)) return describe(error as object | undefined)
  if ('condition' in error) return describe(error)
  const { message, code, reason } = error as NodeJS.ErrnoException & { reason?: string }
  if (reason !== undefined) return `TLS: ${reason}`
  return message !== '' ? message : code
}
