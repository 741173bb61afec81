import { setTimeout as pause } from 'node:timers/promises'
import type { LokiReader } from '../../sink/loki-reader.ts'
import type { FoundEntry } from './found-entry.ts'

export interface Span { readonly from: bigint, readonly to: bigint }

/** One query asks for at most this time: Loki has a limit (`max_query_length`, 30 days by default). */
const MOST_NANOS = 7n * 86_400n * 1_000_000_000n
/**
 * Loki gives 5,000 entries at most by default, and none where they have more bytes than its parts exchange. A large
 * page is worth it: for each, Loki reads the chunks of its time anew.
 */
const MOST_ENTRIES = 4_000
const RETRY_MS = 500

/**
 * Reads all entries of a query from Loki, the oldest first, page by page. Loki may refuse a page for its size, or be
 * busy: the page is then asked for again, with a quarter of the entries, down to one.
 */
export async function * readAll (
  reader: Pick<LokiReader, 'range'>, tenant: string, query: string, { from, to }: Span, signal: AbortSignal, retryMs = RETRY_MS
): AsyncGenerator<FoundEntry[]> {
  const rest = async (): Promise<void> => { await pause(retryMs, undefined, { signal }) }
  for (let start = from; start < to; start += MOST_NANOS) {
    const end = start + MOST_NANOS < to ? start + MOST_NANOS : to
    yield * readSpan(async (from, limit) => await page(reader, tenant, query, { from, to: end }, limit, signal), start, rest)
  }
}

type ReadPage = (from: bigint, limit: number) => Promise<FoundEntry[]>

/** A page begins at the last time of the page before, which may not have had all entries of that time. */
async function * readSpan (read: ReadPage, start: bigint, rest: () => Promise<void>): AsyncGenerator<FoundEntry[]> {
  let limit = MOST_ENTRIES
  let known = new Set<string>()
  for (let from = start; ;) {
    let entries: FoundEntry[]
    try {
      // All entries of the last page with its last time come again.
      entries = await read(from, limit + known.size)
    } catch (error) {
      if (limit === 1) throw error
      limit = Math.ceil(limit / 4)
      await rest()
      continue
    }
    const last = entries.at(-1)?.timestamp
    const isFull = entries.length === limit + known.size
    const fresh = entries.filter(entry => !known.has(keyOf(entry)))
    yield fresh
    if (last === undefined || !isFull) return
    if (BigInt(last) > from) known = new Set()
    for (const entry of entries) if (entry.timestamp === last) known.add(keyOf(entry))
    from = BigInt(last)
  }
}

async function page (
  reader: Pick<LokiReader, 'range'>, tenant: string, query: string, { from, to }: Span, limit: number, signal: AbortSignal
): Promise<FoundEntry[]> {
  const streams = await reader.range(tenant, query, { start: from, end: to, limit, direction: 'forward' }, signal)
  return streams
    .flatMap(({ labels, entries }) => {
      const own = withoutShard(labels)
      return entries.map(({ time, line, metadata }) => ({ tenant, labels: own, timestamp: time, line, metadata }))
    })
    .sort((a, b) => compare(BigInt(a.timestamp), BigInt(b.timestamp)))
}

/** Loki divides a stream with much at once into shards, which differ in a label of its own. */
function withoutShard (labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith('__')))
}

function compare (a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function keyOf ({ labels, timestamp, line, metadata }: FoundEntry): string {
  return JSON.stringify([labels, timestamp, line, metadata])
}

/** The query for what is in quarantine, for any reason or for some. */
export function quarantineQuery (reasons: readonly string[]): string {
  return `{source="lokean", quarantine=~"${reasons.length === 0 ? '.+' : reasons.join('|')}"}`
}
