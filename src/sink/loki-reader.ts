import type { LokiClient } from './client.ts'

/** A stream of a query's answer, with the labels under which Loki has it. */
export interface ReadStream { labels: Readonly<Record<string, string>>, entries: ReadEntry[] }

/** `time`: nanoseconds since the epoch. `metadata`: the entry's structured metadata, with what Loki has added to it. */
export interface ReadEntry { time: string, line: string, metadata: Readonly<Record<string, string>> }

export interface ReadRange {
  /** In nanoseconds since the epoch. The range includes its start, but not its end. */
  start: bigint
  end: bigint
  /** The most entries of all streams together. */
  limit: number
  direction?: 'forward' | 'backward'
}

/** Loki then gives structured metadata beside each entry, and not among the labels of its stream. */
const HEADERS = {
  'x-loki-response-encoding-flags': 'categorize-labels',
  // Loki keeps that a range was empty, and what is looked up may have come since.
  'cache-control': 'no-cache'
}

type QueriedValue = [time: string, line: string, more?: { structuredMetadata?: Record<string, string> }]

interface QueryAnswer {
  data: { result: Array<{ stream: Record<string, string>, values: QueriedValue[] }> }
}

/** Reads entries back from Loki (GET /loki/api/v1/query_range). */
export class LokiReader {
  readonly #client: Pick<LokiClient, 'get'>

  constructor (client: Pick<LokiClient, 'get'>) {
    this.#client = client
  }

  /** Rejects where Loki does not answer, or does not answer the question. */
  async range (tenant: string, query: string, range: ReadRange, signal: AbortSignal): Promise<ReadStream[]> {
    const { start, end, limit, direction = 'forward' } = range
    const parameters = new URLSearchParams({ query, start: `${start}`, end: `${end}`, limit: `${limit}`, direction })
    const { status, text } = await this.#client.get(0, tenant, `/loki/api/v1/query_range?${parameters}`, signal, HEADERS)
    if (status !== 200) throw new Error(`Loki answered a query with ${status} ${text.trim().slice(0, MAX_WORDS)}`)
    return parseStreams(text)
  }
}

/** Throws where the text is no answer to a query for entries. */
export function parseStreams (text: string): ReadStream[] {
  const { data } = JSON.parse(text) as QueryAnswer
  return data.result.map(({ stream, values }) => ({
    labels: stream,
    entries: values.map(([time, line, more]) => ({ time, line, metadata: more?.structuredMetadata ?? {} }))
  }))
}

const MAX_WORDS = 500
