import { LokeanError } from '../../errors.ts'
import type { LokiClient } from '../../sink/client.ts'

/** A line from `query_range`. Its time is in nanoseconds since the epoch. */
export interface QueriedLine { time: bigint, line: string }

export interface Range { start: bigint, end: bigint }

/** Queries Loki over HTTP, both the embedded and a real one. */
export class LokiQuery {
  readonly #client: LokiClient
  readonly #tenant: string
  readonly #signal = new AbortController().signal

  constructor (client: LokiClient, tenant: string) {
    this.#client = client
    this.#tenant = tenant
  }

  /** Returns up to `limit` lines, the oldest first. The range includes its start, but not its end. */
  async lines (query: string, { start, end }: Range, limit: number): Promise<QueriedLine[]> {
    const parameters = new URLSearchParams({ query, start: `${start}`, end: `${end}`, limit: `${limit}`, direction: 'forward' })
    const data = await this.#ask(`/loki/api/v1/query_range?${parameters}`) as { result: Array<{ values: Array<[string, string]> }> }
    const lines = data.result.flatMap(({ values }) => values.map(([time, line]) => ({ time: BigInt(time), line })))
    return lines.sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
  }

  /**
   * Returns all lines of the range, page by page. A full page may not have all lines of its last nanosecond. So the
   * lines of that nanosecond are left to the next page, which begins there.
   */
  async * all (query: string, { start, end }: Range): AsyncGenerator<QueriedLine[]> {
    for (let from = start; ;) {
      const page = await this.lines(query, { start: from, end }, PAGE)
      const last = page.at(-1)?.time
      if (last === undefined || page.length < PAGE) {
        yield page
        return
      }
      if (page[0]?.time === last) throw failed(`more than ${PAGE} lines at ${last} ns: cannot be told apart page by page`)
      yield page.filter(({ time }) => time < last)
      from = last
    }
  }

  async streams (selector: string, { start, end }: Range): Promise<number> {
    const parameters = new URLSearchParams({ 'match[]': selector, start: `${start}`, end: `${end}` })
    return (await this.#ask(`/loki/api/v1/series?${parameters}`) as unknown[]).length
  }

  async #ask (path: string): Promise<unknown> {
    const answer = this.#client.get(0, this.#tenant, path, this.#signal)
    const { status, text } = await answer.catch((error: unknown) => {
      throw failed(`Loki did not answer ${path}: ${this.#client.failure(0, error).message}`, error)
    })
    if (status !== 200) throw failed(`Loki answered ${status} to ${path}: ${text.trim()}`)
    return (JSON.parse(text) as { data: unknown }).data
  }
}

function failed (message: string, cause?: unknown): LokeanError {
  return new LokeanError('LOKEAN_QUERY', message, { cause })
}

/** Loki's default `max_entries_limit_per_query`. */
const PAGE = 5000
