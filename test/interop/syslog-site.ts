import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type EmbeddedLoki, startLoki } from '../../src/embedded/loki/server.ts'
import { AskLoki } from '../helpers/ask-loki.ts'
import { Cleanup } from '../helpers/cleanup.ts'
import { startRun } from '../helpers/program.ts'
import { until } from '../helpers/until.ts'
import { Authority } from './certificates.ts'
import { folder } from './peer-process.ts'

const WAYS = ['syslog+tcp', 'syslog+tls', 'udp'] as const
type Way = typeof WAYS[number]

/** What a query tells of an entry: its labels and metadata, its time in nanoseconds, its line. */
export interface Entry { of: Record<string, string>, time: bigint, line: string }

/** A Lokean that listens for syslog in each way there is, and the Loki behind it. */
export class SyslogSite {
  /** The certificate of the authority that has signed Lokean's. */
  readonly ca: string
  readonly ports: Readonly<Record<Way, number>>
  readonly #loki: EmbeddedLoki

  private constructor (ca: string, ports: Readonly<Record<Way, number>>, loki: EmbeddedLoki) {
    this.ca = ca
    this.ports = ports
    this.#loki = loki
  }

  static async open (t: TestContext): Promise<SyslogSite> {
    const cleanup = Cleanup.of(t)
    const loki = await startLoki()
    cleanup.add(loki.close)
    const authority = new Authority(folder(t))
    const { cert, key } = authority.issue('lokean')
    const lokean = startRun(cleanup, {
      LOKEAN_LISTEN: WAYS.map(way => `${way}://127.0.0.1:0`).join(','),
      LOKEAN_LISTEN_CERT: cert,
      LOKEAN_LISTEN_KEY: key,
      LOKEAN_LOKI_URL: loki.url
    })
    await lokean.admin()
    const port = (way: Way): number => {
      const line = lokean.log().find(({ listen, socket }) => String(listen ?? socket).startsWith(`${way}:`))
      return Number(line?.port ?? assert.fail(`nothing listens for ${way}`))
    }
    return new SyslogSite(authority.ca, { 'syslog+tcp': port('syslog+tcp'), 'syslog+tls': port('syslog+tls'), udp: port('udp') }, loki)
  }

  /** Resolves with all entries when there are so many, in the order of their times. */
  async entries (count: number): Promise<Entry[]> {
    await until(`${count} records are stored`, () => this.#loki.stats().entries >= count)
    const now = Math.floor(Date.now() / 1000)
    const streams = await new AskLoki(this.#loki.url, now - 3600, now + 3600).range('{host=~".+"}')
    const entries = streams.flatMap(({ labels, values }) => values.map(([time, line]) => ({ of: labels, time: BigInt(time), line })))
    return entries.sort((a, b) => Number(a.time - b.time))
  }
}

/** A file of this folder that is no program of Node's. */
export const script = (name: string): string => join('test', 'interop', name)

/** The time now, in nanoseconds. */
export const now = (): bigint => BigInt(Date.now()) * 1_000_000n
