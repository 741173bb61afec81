import type { Config } from '../../config/config.ts'
import { LokiClient } from '../../sink/client.ts'
import { LokiReader } from '../../sink/loki-reader.ts'
import { VERSION } from '../../version.ts'
import { readAs } from '../../worker/messages/tenant-at.ts'
import { markerOf, SOURCE } from './numbered.ts'

const QUERY_MS = 10_000
/** Loki's default for the most entries of a query. Of one record a second it is more than an hour's. */
const MOST_ENTRIES = 5_000

export interface ReadingOptions {
  tenant: string
  run: string
}

/** Reads the records of a run back. */
export class Reading {
  readonly #client: LokiClient
  readonly #reader: LokiReader
  readonly #tenant: string
  readonly #marker: string

  constructor ({ lokiQuery }: Pick<Config, 'lokiQuery'>, { tenant, run }: ReadingOptions) {
    this.#client = new LokiClient({ ...lokiQuery, timeoutMs: QUERY_MS }, VERSION)
    this.#reader = new LokiReader(this.#client)
    this.#tenant = readAs(lokiQuery.tenant, tenant)
    this.#marker = markerOf(run)
  }

  /** The numbers of all records that Loki has from a time on, in ms since the epoch. Rejects where it does not tell. */
  async numbers (from: number, signal: AbortSignal): Promise<number[]> {
    const query = `{source="${SOURCE}"} |= "${this.#marker}"`
    const range = { start: BigInt(Math.floor(from)) * 1_000_000n, end: BigInt(Date.now() + 60_000) * 1_000_000n, limit: MOST_ENTRIES }
    const streams = await this.#reader.range(this.#tenant, query, range, AbortSignal.any([signal, AbortSignal.timeout(QUERY_MS)]))
    return streams.flatMap(({ entries }) => entries.map(({ line }) => Number.parseInt(line.split(this.#marker)[1] ?? '', 10)))
  }

  /** Why it was rejected. */
  failure (error: unknown): string {
    return error instanceof Error && 'code' in error ? this.#client.failure(0, error).message : (error as Error).message
  }

  async close (): Promise<void> {
    await this.#client.close()
  }
}
