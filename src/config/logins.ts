import { credentials } from './credentials.ts'
import { firstEnd } from './expiry.ts'
import { OPTION_NAMES, optionOf } from './options.ts'
import type { OptionName, Values } from './options.ts'

/** Certificates and authorities are PEM text. */
export function amqpLogin (v: Values) {
  return {
    ...credentials(v.LOKEAN_AMQP_URL, v.LOKEAN_AMQP_USERNAME, v.LOKEAN_AMQP_PASSWORD),
    ca: v.LOKEAN_AMQP_CA,
    cert: v.LOKEAN_AMQP_CERT,
    key: v.LOKEAN_AMQP_KEY
  }
}

export function lokiLogin (v: Values) {
  return {
    ...credentials(v.LOKEAN_LOKI_URL, v.LOKEAN_LOKI_USERNAME, v.LOKEAN_LOKI_PASSWORD),
    token: v.LOKEAN_LOKI_TOKEN,
    ca: v.LOKEAN_LOKI_CA,
    cert: v.LOKEAN_LOKI_CERT,
    key: v.LOKEAN_LOKI_KEY,
    headers: v.LOKEAN_LOKI_HEADERS,
    proxy: v.LOKEAN_LOKI_PROXY
  }
}

/**
 * As whom Loki is read. What no setting says for reading is as for pushing: the login as a whole, the client
 * certificate with its key, the authorities. Headers and proxy are the same.
 */
export function lokiQueryLogin (v: Values) {
  const pushing = lokiLogin(v)
  const own = credentials(v.LOKEAN_LOKI_QUERY_URL, v.LOKEAN_LOKI_QUERY_USERNAME, v.LOKEAN_LOKI_QUERY_PASSWORD)
  const hasLogin = own.username !== undefined || v.LOKEAN_LOKI_QUERY_TOKEN !== undefined
  return {
    ...pushing,
    ...hasLogin ? { ...own, token: v.LOKEAN_LOKI_QUERY_TOKEN } : {},
    ...v.LOKEAN_LOKI_QUERY_CERT === undefined ? {} : { cert: v.LOKEAN_LOKI_QUERY_CERT, key: v.LOKEAN_LOKI_QUERY_KEY },
    ca: v.LOKEAN_LOKI_QUERY_CA ?? pushing.ca
  }
}

/** What the admin port shows, and who sees all of it. */
export function adminAccess (v: Values) {
  return { cert: v.LOKEAN_ADMIN_CERT, key: v.LOKEAN_ADMIN_KEY, token: v.LOKEAN_ADMIN_TOKEN }
}

/** What listeners show to senders, and whose certificates they take. */
export function listenerIdentity (v: Values) {
  return { cert: v.LOKEAN_LISTEN_CERT, key: v.LOKEAN_LISTEN_KEY, ca: v.LOKEAN_LISTEN_CA }
}

const CERTIFICATES = OPTION_NAMES.filter(name => optionOf(name).pem && !optionOf(name).secret)

/** When the first certificate of each setting ends, in Unix time. */
export function certificateEnds (v: Values): Partial<Record<OptionName, number>> {
  return Object.fromEntries(CERTIFICATES.flatMap(name => {
    const pem = v[name] as string | undefined
    return pem === undefined ? [] : [[name, firstEnd(pem)]]
  }))
}
