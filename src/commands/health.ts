import { loadConfig } from '../config/load.ts'
import { askAdmin, localUrl } from './admin-port.ts'
import type { Context } from './context.ts'

const HEALTH_TIMEOUT_MS = 3_000

/** Checks that the process on LOKEAN_ADMIN_ADDR answers `/healthz`. Made for the health check of a container. */
export async function checkHealth ({ env, stderr }: Context): Promise<number> {
  const { admin } = loadConfig(env).config
  const url = `${localUrl(admin)}/healthz`
  try {
    const { status } = await askAdmin(admin, '/healthz', HEALTH_TIMEOUT_MS)
    if (status !== 200) stderr.write(`lokean: ${url} answers ${status}\n`)
    return status === 200 ? 0 : 1
  } catch (error) {
    stderr.write(`lokean: ${url} does not answer: ${(error as Error).message}\n`)
    return 1
  }
}
