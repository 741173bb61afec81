import type { LokiClient } from './client.ts'
import { Deadline } from './deadline.ts'

/** A quarter of a million streams take a few seconds. */
const COUNT_MS = 60_000
/** An ingester has no stream that got no record for longer than this (query_ingesters_within). */
const SPAN_MS = 3 * 3_600_000
const BRACE = 0x7b

/**
 * Counts the streams that Loki has of a tenant, from all who write them (GET /loki/api/v1/series). `most` where it has
 * more: the rest is not read then. Undefined where Loki does not tell.
 *
 * The answer has an object for each stream, in one for all. So its braces are counted, as it may be large. A brace in a
 * label's value counts too: who asks wants to know of no stream too few.
 */
export async function countStreams (
  client: Pick<LokiClient, 'read'>, tenant: string, most: number, signal: AbortSignal
): Promise<number | undefined> {
  const request = new Deadline(COUNT_MS, signal)
  const now = Date.now()
  const parameters = new URLSearchParams({ 'match[]': '{}', start: `${now - SPAN_MS}000000`, end: `${now}000000` })
  try {
    return await client.read(0, tenant, `/loki/api/v1/series?${parameters}`, request.signal, async (status, body) => {
      if (status !== 200) return undefined
      let streams = -1
      for await (const chunk of body) {
        for (let at = chunk.indexOf(BRACE); at >= 0; at = chunk.indexOf(BRACE, at + 1)) streams++
        if (streams >= most) return most
      }
      return streams < 0 ? undefined : streams
    })
  } catch {
    return undefined
  } finally {
    request.end()
  }
}
