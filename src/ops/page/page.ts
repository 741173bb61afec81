import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import type { Logger } from '../../log.ts'
import { type MetricSource, type Sample, takeSample } from './sample.ts'
import { makeSnapshot, type Surroundings } from './snapshot.ts'
import { Watchers } from './watchers.ts'

interface PageOptions {
  registry: MetricSource
  /** Called for each snapshot. */
  surroundings: () => Surroundings
  log: Pick<Logger, 'error'>
}

/** The number of samples that a rate is over. With more, a change shows late; with fewer, the rate is unsteady. */
const SAMPLES = 6

const FILES = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.css', 'page.css', 'text/css; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/picture.js', 'picture.js', 'text/javascript; charset=utf-8'],
  ['/format.js', 'format.js', 'text/javascript; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml']
] as const

export const EVENTS = 'text/event-stream; charset=utf-8'

/** The page may load only what this port serves, and nothing inline. */
export const PAGE_HEADERS = {
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer'
}

/**
 * The live page: its files, read once, and its events. It takes one sample a second, and only while somebody watches.
 */
export class LivePage {
  readonly files: ReadonlyMap<string, { type: string, body: Buffer }>
  readonly watchers: Watchers
  readonly #options: PageOptions
  #samples: Sample[] = []

  constructor (options: PageOptions) {
    this.#options = options
    this.files = new Map(FILES.map(([path, file, type]) => [path, { type, body: readFileSync(new URL(`files/${file}`, import.meta.url)) }]))
    this.watchers = new Watchers({
      next: async () => await this.#next(),
      onAsleep: () => { this.#samples = [] },
      onError: error => options.log.error({ err: error }, 'the live page has no snapshot')
    })
  }

  /** Answers with the stream of events. False, without an answer, where enough people watch already. */
  watch (response: ServerResponse): boolean {
    if (this.watchers.full) return false
    response.writeHead(200, { 'Content-Type': EVENTS, 'X-Accel-Buffering': 'no' })
    this.watchers.add(response)
    return true
  }

  /** Makes the next event. A rate needs two samples, so the first event comes with the second sample. */
  async #next (): Promise<string | undefined> {
    const before = this.#samples
    const sample = await takeSample(this.#options.registry)
    // Everybody has left meanwhile, and the samples are gone. The next watcher must not get a rate over the time
    // between.
    if (this.#samples !== before) return undefined
    this.#samples = [...before, sample].slice(-SAMPLES)
    return this.#samples.length < 2 ? undefined : JSON.stringify(makeSnapshot(this.#samples, this.#options.surroundings()))
  }
}
