import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { stringify } from 'yaml'
import { httpGet } from '../helpers/program.ts'
import { folder, freePorts, PeerProcess } from './peer-process.ts'

const PATIENCE_MS = 15_000
export const SCRAPE_MS = 500

/** A target of scrapes. `relabel` holds rules for its samples, as in `metric_relabel_configs`. */
export interface Scraped { job: string, target: string, path?: string, relabel?: object[] }

export interface Series { metric: Record<string, string>, values: Array<[time: number, value: string]> }

/** A Prometheus that scrapes its targets and evaluates its rules a few times a second. */
export class Prometheus {
  readonly #url: string

  private constructor (url: string) {
    this.#url = url
  }

  static async start (t: TestContext, scraped: readonly Scraped[], rules: object[] = []): Promise<Prometheus> {
    const home = folder(t)
    const [port] = await freePorts(1)
    const often = `${SCRAPE_MS}ms`
    writeFileSync(join(home, 'rules.yml'), stringify({ groups: [{ name: 'test', rules }] }))
    writeFileSync(join(home, 'prometheus.yml'), stringify({
      global: { scrape_interval: often, scrape_timeout: often, evaluation_interval: often },
      rule_files: ['rules.yml'],
      scrape_configs: scraped.map(({ job, target, path = '/metrics', relabel = [] }) => ({
        job_name: job, metrics_path: path, static_configs: [{ targets: [target] }], metric_relabel_configs: relabel
      }))
    }))
    await PeerProcess.start(t, 'prometheus', [
      `--config.file=${join(home, 'prometheus.yml')}`, `--storage.tsdb.path=${join(home, 'data')}`, `--web.listen-address=127.0.0.1:${port}`
    ], { ready: /Server is ready to receive web requests/ })
    return new Prometheus(`http://127.0.0.1:${port}/api/v1`)
  }

  async ask<T> (path: string, parameters: Record<string, string> = {}): Promise<T> {
    const { status, body } = await httpGet(`${this.#url}/${path}?${new URLSearchParams(parameters)}`)
    assert.equal(status, 200, `${parameters.query ?? path}: ${body}`)
    return (JSON.parse(body) as { data: T }).data
  }

  /** Returns the values of an instant vector by `label`, or by '' where it lacks that label. */
  async query (query: string, label = ''): Promise<Record<string, number>> {
    const { result } = await this.ask<{ result: Array<{ metric: Record<string, string>, value: [number, string] }> }>('query', { query })
    return Object.fromEntries(result.map(({ metric, value: [, value] }) => [metric[label] ?? '', Number(value)]))
  }

  /** Queries each second from `start` (seconds since 1970) to now, or with `instant` only now. */
  async series (query: string, start: number, instant = false): Promise<Series[]> {
    if (!instant) {
      return (await this.ask<{ result: Series[] }>('query_range', {
        query, start: String(start), end: String(Date.now() / 1000), step: '1'
      })).result
    }
    const { result } = await this.ask<{ result: Array<{ metric: Series['metric'], value: Series['values'][0] }> }>('query', { query })
    return result.map(({ metric, value }) => ({ metric, values: [value] }))
  }

  /** Queries until the value is as wanted, for the time of some dozen scrapes. */
  async until (query: string, wanted: number): Promise<void> {
    let value: number | undefined
    await this.patiently(async () => {
      value = (await this.query(query))['']
      return value === wanted
    }, () => `${query} is ${value}, not ${wanted}`)
  }

  /** Tries again and again for the time of some dozen scrapes. */
  async patiently (attempt: () => Promise<boolean>, failure: () => string): Promise<void> {
    const start = performance.now()
    while (!await attempt()) {
      if (performance.now() - start > PATIENCE_MS) throw new Error(failure())
    }
  }
}
