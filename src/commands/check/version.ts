import type { Config } from '../../config/config.ts'
import type { LokiClient } from '../../sink/client.ts'

const PATH = '/loki/api/v1/status/buildinfo'
/** The name by which Loki and Grafana know a level. From this version on Loki keeps one that is pushed. */
const LEVEL = 'detected_level'
const KEEPS_LEVEL = [3, 7] as const

/** What the version of Loki means for the settings. Nothing where Loki does not tell it. */
export async function versionWarnings (
  client: Pick<LokiClient, 'get'>, endpoint: number, tenant: string, config: Config, signal: AbortSignal
): Promise<string[]> {
  if (config.metadata.every(({ name }) => name !== LEVEL)) return []
  const version = await readVersion(client, endpoint, tenant, signal)
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? []
  if (major === undefined || Number(major) > KEEPS_LEVEL[0]) return []
  if (Number(major) === KEEPS_LEVEL[0] && Number(minor) >= KEEPS_LEVEL[1]) return []
  const mapped = config.metadata.map(({ name, field }) => name === LEVEL ? 'level' : name === field ? name : `${name}=${field}`)
  return [
    `Loki ${version} adds a second ${LEVEL} to what has one (3.7.0 and later keep it): set discover_log_levels: false there, or LOKEAN_METADATA=${mapped.join()} here`
  ]
}

async function readVersion (
  client: Pick<LokiClient, 'get'>, endpoint: number, tenant: string, signal: AbortSignal
): Promise<string | undefined> {
  try {
    const { status, text } = await client.get(endpoint, tenant, PATH, signal)
    const told: unknown = status === 200 ? JSON.parse(text) : undefined
    const version = (told as { version?: unknown } | null | undefined)?.version
    return typeof version === 'string' ? version.slice(0, 32) : undefined
  } catch {
    return undefined
  }
}
