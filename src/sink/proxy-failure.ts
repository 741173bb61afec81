import { certifiedNames, type PeerCertificate } from '../tls-failure.ts'
import type { Failure } from './failure.ts'

interface Cause { code?: unknown, message?: string, cause?: { cert?: PeerCertificate } }

const UNREACHABLE: readonly unknown[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']

/** Why a proxy gave no way to Loki; undefined where the error is none of the proxy's. `proxy` and `url` are URLs. */
export function proxyFailure (error: unknown, proxy: string, url: string): Failure | undefined {
  const { code, message = '', cause } = (error ?? {}) as Cause
  const { host } = new URL(proxy)
  if (UNREACHABLE.includes(code)) {
    return { message: `the proxy ${host} cannot be reached (${message === '' ? String(code) : message})`, hint: 'is the proxy up, and LOKEAN_LOKI_PROXY right?' }
  }
  if (code === 'UND_ERR_PRX_TLS') {
    return { message: `the certificate of the proxy ${host} is for ${certifiedNames(cause?.cert)}`, hint: 'LOKEAN_LOKI_PROXY must name the proxy as its certificate does' }
  }
  // undici tells the proxy's answer in its message only.
  const status = /^Proxy (?:response|Authentication)\D*\((\d{3})\)/.exec(message)?.[1]
  if (status === undefined) return undefined
  return {
    message: `the proxy ${host} answers ${status}`,
    hint: status === '407'
      ? 'LOKEAN_LOKI_PROXY must have the user and password that the proxy wants'
      : `does the proxy let through to ${new URL(url).host}, and is LOKEAN_LOKI_PROXY right?`
  }
}
