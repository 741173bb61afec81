import { loadConfig } from '../../../src/config/load.ts'
import { LokiQuery } from '../../../src/commands/demo/query.ts'
import { reconcileByQuery } from '../../../src/commands/demo/reconcile.ts'
import { LokiClient } from '../../../src/sink/client.ts'
import { VERSION } from '../../../src/version.ts'
import type { Tallied } from './push-tally.ts'

const MARKER = ' seq='
const QUERY_TIMEOUT_MS = 60_000

/**
 * Reads a run's records back from a Loki that is not the bench's own, and counts them. `since`: the start of the run.
 */
export async function reconcileByQueries (env: NodeJS.ProcessEnv, since: number, sent: number): Promise<Tallied> {
  const { config } = loadConfig(env)
  const { tenant } = config.loki
  if (tenant.kind === 'field') throw new Error('LOKEAN_LOKI_TENANT must be one tenant here: the bench reads back from one')
  const client = new LokiClient({ ...config.loki, timeoutMs: QUERY_TIMEOUT_MS }, VERSION)
  try {
    const query = new LokiQuery(client, tenant.kind === 'fixed' ? tenant.tenant : '')
    const range = { start: BigInt(since) * 1_000_000n, end: BigInt(Date.now() + 1000) * 1_000_000n }
    const { stored, missing, duplicates, quarantined } = await reconcileByQuery(query, MARKER, sent, range)
    const streams = await query.streams('{cloud=~".+"}', range)
    return { stored, missing, doubled: duplicates, repeated: 0, storedTwice: 0, other: quarantined, streams }
  } finally {
    await client.close()
  }
}
