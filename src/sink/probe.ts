import { setTimeout as pause } from 'node:timers/promises'
import type { LokiClient } from './client.ts'
import type { LokiHealth } from './health.ts'

const PROBE_MS = 2_000

/** Asks each distributor in turn whether it is ready, until one is. Only `/readyz` and the log need this answer. */
export async function probeUntilReady (client: LokiClient, health: LokiHealth, signal: AbortSignal): Promise<void> {
  const stopped = (): boolean => signal.aborted
  for (let endpoint = 0; !stopped(); endpoint = (endpoint + 1) % client.urls.length) {
    const url = client.urls[endpoint] ?? ''
    const problem = await client.ready(endpoint, signal)
    if (stopped() || health.reached) return
    if (problem === undefined) return health.ready(url)
    health.notReady(`${url}: ${problem}`, PROBE_MS)
    await pause(PROBE_MS, undefined, { signal }).catch(() => {})
  }
}
