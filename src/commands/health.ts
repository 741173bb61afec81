import { formatHostPort, type HostPort } from '../config/endpoints.ts'
import { loadConfig } from '../config/load.ts'
import type { Context } from './context.ts'

const HEALTH_TIMEOUT_MS = 3_000

/** Checks that the process on LOKEAN_ADMIN_ADDR answers `/healthz`. Made for the health check of a container. */
export async function checkHealth ({ env, stderr }: Context): Promise<number> {
  const url = `${localUrl(loadConfig(env).config.admin)}/healthz`
  try {
    const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })
    if (!ok) stderr.write(`lokean: ${url} answers ${status}\n`)
    return ok ? 0 : 1
  } catch (error) {
    const { message, cause } = error as Error
    stderr.write(`lokean: ${url} does not answer: ${cause instanceof Error ? cause.message : message}\n`)
    return 1
  }
}

/** The admin port as this machine reaches it, where it listens on all interfaces. */
export function localUrl ({ host, port }: HostPort): string {
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${formatHostPort(local, port)}`
}
