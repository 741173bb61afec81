import { nearest } from './nearest.ts'
import { OPTION_NAMES, optionOf } from './options.ts'

/** Names that may stand in the environment: every option, and `NAME_FILE` for the secret ones. */
const KNOWN = new Set<string>(OPTION_NAMES.flatMap((name) => optionOf(name).secret ? [name, `${name}_FILE`] : [name]))

const PROTOCOL = '(?:TCP|UDP|SCTP)'
/** For a service called `lokean-x`; for one called `lokean` the middle is missing. */
const SERVICE = new RegExp(`^LOKEAN_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\\d+_${PROTOCOL}(?:_(?:PROTO|PORT|ADDR))?)$`)
const SERVICE_LINK = /^LOKEAN_[A-Z0-9_]+_PORT$/

/** What Kubernetes puts into every pod for the services of its namespace (docker-style links included). */
function isFromKubernetes (name: string, value: string): boolean {
  if (name === 'LOKEAN_PORT' || SERVICE.test(name)) return true
  // Told from a mistyped setting by its value, which is always a URL.
  return SERVICE_LINK.test(name) && /^(?:tcp|udp|sctp):\/\//.test(value)
}

/** One warning per `LOKEAN_*` name that means nothing to us. Its value is not shown: it may be a mistyped secret. */
export function unknownNames (env: Readonly<Record<string, string | undefined>>): string[] {
  const warnings: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('LOKEAN_') || value === undefined) continue
    if (KNOWN.has(name) || name.startsWith('LOKEAN_TEST_') || isFromKubernetes(name, value)) continue
    const meant = nearest(name, KNOWN)
    warnings.push(`${name} is not a setting of Lokean and has no effect${meant === undefined ? '' : `; the nearest is ${meant}`}`)
  }
  return warnings
}
