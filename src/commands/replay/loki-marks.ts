import { setTimeout as pause } from 'node:timers/promises'
import { backoffMs } from '../../backoff.ts'
import type { Config } from '../../config/config.ts'
import { LokeanError } from '../../errors.ts'
import { encoderSettings } from '../../pipeline/encoder-settings.ts'
import type { LokiClient } from '../../sink/client.ts'
import type { EncoderSettings } from '../../worker/messages/settings.ts'
import { compress } from '../../worker/output/compress.ts'
import { encodePush } from '../../worker/output/push-schema.ts'
import { labelsGiven } from '../../worker/output/quarantine.ts'
import { formatLabels } from '../../worker/streams/labels.ts'
import type { FoundEntry } from './found-entry.ts'
import type { Marked, Marks } from './marks.ts'

/** The query for the marks of all runs. */
export const MARKS_QUERY = '{source="lokean", replayed=~".+"}'
/** A line of ids is shorter than any limit of Loki on lines. */
const IDS_IN_LINE = 30
const TRIES = 8
const [BASE_MS, MOST_MS] = [250, 10_000]

interface Options {
  config: Config
  client: Pick<LokiClient, 'push'>
  /** Reads the marks of a tenant. */
  read: (tenant: string) => AsyncIterable<readonly FoundEntry[]>
  /** For tests. */
  wait?: (ms: number) => Promise<unknown>
}

/**
 * Marks in Loki, which can change no entry: they are entries of a stream of their own, `{source="lokean",
 * replayed="records"}`, with the labels of the address. A line has the ids of what is replayed.
 */
export class LokiMarks implements Marks {
  readonly #options: Options
  readonly #settings: EncoderSettings
  readonly #ids = new Set<string>()
  #lastNanos = 0n

  constructor (options: Options) {
    this.#options = options
    this.#settings = encoderSettings(options.config)
  }

  async load (tenant: string): Promise<void> {
    for await (const page of this.#options.read(tenant)) {
      for (const { line } of page) for (const id of line.split(' ')) this.#ids.add(id)
    }
  }

  has (id: string): boolean {
    return this.#ids.has(id)
  }

  async add (marked: readonly Marked[]): Promise<void> {
    const places = new Map<string, Marked[]>()
    for (const one of marked) {
      const key = JSON.stringify([one.tenant, one.address])
      const place = places.get(key)
      if (place === undefined) places.set(key, [one])
      else place.push(one)
    }
    for (const place of places.values()) await this.#push(place)
    for (const { id } of marked) this.#ids.add(id)
  }

  async close (): Promise<void> {
    await Promise.resolve()
  }

  /** Tries for about a minute. Where marks cannot be stored, the run must end. */
  async #push (marked: readonly Marked[]): Promise<void> {
    const { client, wait = pause } = this.#options
    const { tenant = '', address = '' } = marked[0] ?? {}
    const body = this.#body(marked, address)
    for (let attempt = 1; ; attempt++) {
      const answer = await client.push(0, tenant, body, new AbortController().signal)
      if (answer.kind === 'stored') return
      if (attempt === TRIES) throw new LokeanError('LOKEAN_PUSH', `what is replayed cannot be marked in Loki: ${answer.message}`)
      await wait(backoffMs(attempt, BASE_MS, MOST_MS, Math.random))
    }
  }

  #body (marked: readonly Marked[], address: string): Uint8Array {
    const given = labelsGiven(this.#settings, address).map(({ name, value }) => [name, value] as const)
    const labels = formatLabels([...given.filter(([name]) => name !== 'source'), ['source', 'lokean'], ['replayed', 'records']])
    const entries = []
    for (let at = 0; at < marked.length; at += IDS_IN_LINE) {
      const line = marked.slice(at, at + IDS_IN_LINE).map(({ id }) => id).join(' ')
      entries.push({ timestamp: this.#now(), line, structuredMetadata: [] })
    }
    return compress(encodePush({ streams: [{ labels, entries }] }))
  }

  /** A time that no other mark of this run has. */
  #now (): { seconds: number, nanos: number } {
    const now = BigInt(Date.now()) * 1_000_000n
    this.#lastNanos = now > this.#lastNanos ? now : this.#lastNanos + 1n
    return { seconds: Number(this.#lastNanos / 1_000_000_000n), nanos: Number(this.#lastNanos % 1_000_000_000n) }
  }
}
