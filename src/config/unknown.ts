import { nearest } from './nearest.ts'
import { OPTION_NAMES, optionOf } from './options.ts'

/** Known names: every setting, and `NAME_FILE` for each secret setting. */
const KNOWN = new Set<string>(OPTION_NAMES.flatMap((name) => optionOf(name).secret ? [name, `${name}_FILE`] : [name]))

const PROTOCOL = '(?:TCP|UDP|SCTP)'
/** The variables for a service called `lokean-x`. For a service called `lokean`, the part `X_` is missing. */
const SERVICE = new RegExp(`^LOKEAN_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\\d+_${PROTOCOL}(?:_(?:PROTO|PORT|ADDR))?)$`)
const SERVICE_LINK = /^LOKEAN_[A-Z0-9_]+_PORT$/

/** Whether Kubernetes sets this variable in every pod, for a service of its namespace (docker-style links included). */
function isFromKubernetes (name: string, value: string): boolean {
  if (name === 'LOKEAN_PORT' || SERVICE.test(name)) return true
  // The value, which is always a URL, distinguishes it from a mistyped setting.
  return SERVICE_LINK.test(name) && /^(?:tcp|udp|sctp):\/\//.test(value)
}

/**
 * Warns of each unknown `LOKEAN_*` name. A warning does not show the value, which may be a secret under a mistyped
 * name.
 */
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
