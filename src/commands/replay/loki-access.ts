import type { Config } from '../../config/config.ts'
import { LokeanError } from '../../errors.ts'
import { encoderSettings } from '../../pipeline/encoder-settings.ts'
import { LokiClient } from '../../sink/client.ts'
import { LokiReader, type ReadRange, type ReadStream } from '../../sink/loki-reader.ts'
import { VERSION } from '../../version.ts'
import { readAs } from '../../worker/messages/tenant-at.ts'
import { quarantineTenants } from '../../worker/output/quarantine.ts'
import type { FoundEntry } from './found-entry.ts'
import { LokiMarks, MARKS_QUERY } from './loki-marks.ts'
import { readAll, type Span } from './quarantine.ts'

/** How long Loki may take for a query. */
const QUERY_MS = 60_000

/** Loki as a run reads it, and where it keeps its marks. */
export class LokiAccess {
  /** Those of which quarantine is read. */
  readonly tenants: readonly string[]
  readonly #config: Config
  readonly #stopping: AbortSignal
  readonly #clients: { query: LokiClient, push: LokiClient }
  readonly #reader: LokiReader

  /** Without `tenants`: those to which the settings send what is put aside. */
  constructor (config: Config, tenants: readonly string[], stopping: AbortSignal) {
    this.#config = config
    this.#stopping = stopping
    this.#clients = {
      query: new LokiClient({ ...config.lokiQuery, timeoutMs: QUERY_MS }, VERSION),
      push: new LokiClient({ ...config.loki, timeoutMs: config.pushTimeoutMs }, VERSION)
    }
    this.#reader = new LokiReader(this.#clients.query)
    const settings = encoderSettings(config)
    const own = [...new Set(config.addresses.flatMap(({ address }) => quarantineTenants(settings, address)))]
    const named = tenants.length > 0 ? tenants : own
    // One tenant for reading has what all have that are read by the same path.
    const read = named.map(tenant => readAs(config.lokiQuery.tenant, tenant))
    this.tenants = named.filter((_, i) => read.indexOf(read[i] ?? '') === i)
  }

  /** All entries of a query, the oldest first. */
  read (tenant: string, query: string, span: Span): AsyncGenerator<FoundEntry[]> {
    return readAll({ range: async (...asked) => await this.#range(...asked) }, tenant, query, span, this.#stopping)
  }

  /** Marks of runs from then on. */
  marks (from: bigint): LokiMarks {
    return new LokiMarks({
      config: this.#config,
      client: this.#clients.push,
      read: tenant => this.read(tenant, MARKS_QUERY, { from, to: BigInt(Date.now() + 1) * 1_000_000n })
    })
  }

  async close (): Promise<void> {
    await this.#clients.query.close()
    await this.#clients.push.close()
  }

  async #range (tenant: string, query: string, range: ReadRange, signal: AbortSignal): Promise<ReadStream[]> {
    const either = AbortSignal.any([signal, AbortSignal.timeout(QUERY_MS)])
    try {
      return await this.#reader.range(readAs(this.#config.lokiQuery.tenant, tenant), query, range, either)
    } catch (error) {
      // What Loki has answered is told by the reader; this says why it has not.
      const why = error instanceof Error && 'code' in error ? this.#clients.query.failure(0, error).message : (error as Error).message
      throw new LokeanError('LOKEAN_QUERY', `${this.#clients.query.urls[0]}: ${why}`, { cause: error })
    }
  }
}
