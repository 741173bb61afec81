import { credentials } from './credentials.ts'
import type { Values } from './options.ts'

/**
 * Where and as whom Loki is read. What no setting says for reading is as for pushing: the URLs, the login as a whole,
 * the client certificate with its key, the authorities. Headers and proxy are the same. `tenant` is undefined where it
 * is that of the records.
 */
export function readAccess (v: Values) {
  const own = credentials(v.LOKEAN_LOKI_QUERY_URL, v.LOKEAN_LOKI_QUERY_USERNAME, v.LOKEAN_LOKI_QUERY_PASSWORD)
  const login = own.username !== undefined || v.LOKEAN_LOKI_QUERY_TOKEN !== undefined
    ? { ...own, token: v.LOKEAN_LOKI_QUERY_TOKEN }
    : { ...credentials(v.LOKEAN_LOKI_URL, v.LOKEAN_LOKI_USERNAME, v.LOKEAN_LOKI_PASSWORD), token: v.LOKEAN_LOKI_TOKEN }
  const identity = v.LOKEAN_LOKI_QUERY_CERT === undefined
    ? { cert: v.LOKEAN_LOKI_CERT, key: v.LOKEAN_LOKI_KEY }
    : { cert: v.LOKEAN_LOKI_QUERY_CERT, key: v.LOKEAN_LOKI_QUERY_KEY }
  return {
    urls: (v.LOKEAN_LOKI_QUERY_URL ?? v.LOKEAN_LOKI_URL).urls,
    tenant: v.LOKEAN_LOKI_QUERY_TENANT,
    ...login,
    ...identity,
    ca: v.LOKEAN_LOKI_QUERY_CA ?? v.LOKEAN_LOKI_CA,
    headers: v.LOKEAN_LOKI_HEADERS ?? [],
    proxy: v.LOKEAN_LOKI_PROXY
  }
}
