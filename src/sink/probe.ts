import { setTimeout as pause } from 'node:timers/promises'
import type { LokiClient } from './client.ts'
import type { LokiHealth } from './health.ts'

const PROBE_MS = 2_000

/** Asks each distributor in turn whether it is ready, until one is. Only `/readyz` and the log need this answer. */
export async function probeUntilReady (client: LokiClient, health: LokiHealth, signal: AbortSignal): Promise<void> {
  for (let endpoint = 0; !signal.aborted; endpoint = (endpoint + 1) % client.urls.length) {
    const problem = await client.ready(endpoint, signal)
    if (signal.aborted || health.status().ok) return
    if (problem === undefined) return health.succeeded(client.urls[endpoint])
    health.notReady(`${client.urls[endpoint]}: ${problem}`, PROBE_MS)
    await pause(PROBE_MS, undefined, { signal }).catch(() => {})
  }
}
