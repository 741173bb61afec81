import type { CrossCheck } from './cross-check.ts'
import { credentials } from './credentials.ts'
import { isLoopback } from './loopback.ts'
import type { Values } from './options.ts'

/** Checks of how Loki is reached over HTTP. */
export const HTTP_CHECKS: readonly CrossCheck[] = [
  {
    reads: ['LOKEAN_LOKI_HEADERS', 'LOKEAN_LOKI_URL', 'LOKEAN_LOKI_USERNAME', 'LOKEAN_LOKI_PASSWORD', 'LOKEAN_LOKI_TOKEN'],
    problem: (v) => {
      const { username } = credentials(v.LOKEAN_LOKI_URL, v.LOKEAN_LOKI_USERNAME, v.LOKEAN_LOKI_PASSWORD)
      if (username === undefined && v.LOKEAN_LOKI_TOKEN === undefined) return undefined
      if (!v.LOKEAN_LOKI_HEADERS?.some(({ name }) => name === 'authorization')) return undefined
      return 'LOKEAN_LOKI_HEADERS has authorization, which a token or a user for Loki sets: set one of them'
    }
  }
]

/**
 * Names the proxy of the environment that other programs would use for Loki, and this one does not. Says nothing where
 * LOKEAN_LOKI_PROXY is set, be it to `off`.
 */
export function proxyWarnings (env: Readonly<Record<string, string | undefined>>, values: Values): string[] {
  if (env.LOKEAN_LOKI_PROXY !== undefined || env.LOKEAN_LOKI_PROXY_FILE !== undefined) return []
  const remote = values.LOKEAN_LOKI_URL.urls.filter(url => !isLoopback(new URL(url).hostname))
  const schemes = ['https', 'http'].filter(scheme => remote.some(url => url.startsWith(`${scheme}:`)))
  const names = schemes.flatMap(scheme => [`${scheme.toUpperCase()}_PROXY`, `${scheme}_proxy`])
  const found = (remote.length > 0 ? [...names, 'ALL_PROXY', 'all_proxy'] : []).find(name => (env[name] ?? '') !== '')
  return found === undefined ? [] : [`${found} is set, and not used for Loki: LOKEAN_LOKI_PROXY names a proxy, or is off`]
}
