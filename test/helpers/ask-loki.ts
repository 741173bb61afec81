import assert from 'node:assert/strict'
import type { Query } from './grafana.ts'
import { httpGet } from './program.ts'

export interface Found { labels: Record<string, string>, values: Array<[time: string, value: string]> }

/** Asks the Loki at a URL what Grafana's panels ask, about a span of time in seconds since 1970. */
export class AskLoki {
  readonly #api: string
  readonly #span: { start: string, end: string }

  constructor (url: string, start: number, end: number) {
    this.#api = `${url}/loki/api/v1`
    this.#span = { start: `${start}000000000`, end: `${end}000000000` }
  }

  /** Returns streams or series. */
  async range (expr: string, { direction = 'backward' }: Pick<Query, 'direction'> = {}): Promise<Found[]> {
    const {
      result
    } = await this.#ask<{ result: Array<{ stream?: Record<string, string>, metric?: Record<string, string>, values: Found['values'] }> }>(
      'query_range', { query: expr, direction, limit: '1000', step: '5' })
    return result.map(({ stream, metric, values }) => ({ labels: stream ?? metric ?? {}, values }))
  }

  async labelValues (label: string, selector: string): Promise<string[]> {
    return await this.#ask<string[] | undefined>(`label/${label}/values`, selector === '' ? {} : { query: selector }) ?? []
  }

  async #ask<T> (path: string, parameters: Record<string, string>): Promise<T> {
    const { status, body } = await httpGet(`${this.#api}/${path}?${new URLSearchParams({ ...this.#span, ...parameters })}`)
    assert.equal(status, 200, `${parameters.query ?? path}: ${body}`)
    return (JSON.parse(body) as { data: T }).data
  }
}
