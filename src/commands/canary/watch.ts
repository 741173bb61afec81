import type { CanaryMetrics } from '../../ops/canary-metrics.ts'
import type { Status } from '../../ops/admin.ts'
import { cleanText } from '../../log.ts'
import type { Context } from '../context.ts'
import { ProgressLine } from '../progress-line.ts'
import type { Reading } from './reading.ts'
import { type News, Sightings } from './sightings.ts'

interface WatchOptions {
  metrics: CanaryMetrics
  reading: Pick<Reading, 'numbers' | 'failure'>
  withinMs: number
  lookBackMs: number
}

const WARN_MS = 5_000
/** The clocks of records and of a query need not be one. */
const SLACK_MS = 1_000

/** What has become of the records of one run: looked up, counted, shown and told. */
export class Watch {
  readonly #context: Context
  readonly #options: WatchOptions
  readonly #sightings: Sightings
  readonly #line: ProgressLine
  readonly #start = performance.now()
  readonly #counts = { sent: 0, stored: 0, missing: 0, late: 0, doubled: 0 }
  readonly #delays = { sum: 0, max: 0 }
  #readFault: string | undefined
  #said = -Infinity

  constructor (context: Context, options: WatchOptions) {
    this.#context = context
    this.#options = options
    this.#sightings = new Sightings(options.withinMs, options.lookBackMs)
    this.#line = new ProgressLine(context)
  }

  sent (number: number, at: number): void {
    this.#counts.sent++
    this.#options.metrics.sent.inc()
    this.#sightings.send(number, at)
  }

  get waiting (): number {
    return this.#sightings.waiting
  }

  /** Asks Loki once. Only an answer may make a record missing. */
  async look (): Promise<void> {
    const { metrics, reading } = this.#options
    const { oldest } = this.#sightings
    if (oldest === undefined) return
    const asked = Date.now()
    try {
      const numbers = await reading.numbers(oldest - SLACK_MS, new AbortController().signal)
      this.#readFault = undefined
      this.#take(this.#sightings.look(numbers, asked, Date.now()))
    } catch (error) {
      metrics.readFailures.inc()
      this.#readFault = cleanText(reading.failure(error))
      this.say(`cannot read from Loki: ${this.#readFault}`)
    }
    this.#line.show(() => this.#summary())
  }

  #take ({ delays, late, doubled, missing }: News): void {
    const { metrics } = this.#options
    for (const ms of delays) {
      metrics.delay.observe(ms / 1000)
      this.#delays.sum += ms
      this.#delays.max = Math.max(this.#delays.max, ms)
    }
    for (const [name, count] of [['stored', delays.length], ['late', late], ['doubled', doubled], ['missing', missing]] as const) {
      this.#counts[name] += count
      metrics[name].inc(count)
    }
  }

  /** Warns now and then. */
  say (text: string): void {
    const now = performance.now()
    if (now - this.#said < WARN_MS) return
    this.#said = now
    this.#line.end()
    this.#context.stderr.write(`${text}\n`)
  }

  get status (): Status {
    const { stored, missing, late } = this.#counts
    const there = missing === late
    return {
      ready: this.#readFault === undefined && stored > 0,
      checks: {
        loki: { ok: this.#readFault === undefined, detail: this.#readFault ?? 'answers' },
        records: { ok: there && stored > 0, detail: this.#summary() }
      }
    }
  }

  #summary (): string {
    const { sent, stored, missing, late, doubled } = this.#counts
    const delay = stored === 0 ? '' : `, ${(this.#delays.sum / stored / 1000).toFixed(1)} s until they are there`
    return `${sent} sent, ${stored} stored, ${missing - late} missing, ${doubled} doubled${delay}`
  }

  /** Tells what has become of all, and returns the exit code. */
  report (json: boolean): number {
    this.#line.end()
    const { sent, stored, missing, late, doubled } = this.#counts
    const seconds = (ms: number): number => Math.round(ms) / 1000
    const report = {
      sent,
      stored,
      missing: missing - late,
      late,
      doubled,
      waiting: this.waiting,
      seconds: seconds(performance.now() - this.#start),
      delaySeconds: { mean: stored === 0 ? null : seconds(this.#delays.sum / stored), max: stored === 0 ? null : seconds(this.#delays.max) }
    }
    this.#context.stdout.write(json ? `${JSON.stringify(report)}\n` : `${this.#summary()}\n`)
    // A stop leaves behind what was just sent.
    const isKnown = this.waiting === 0 || this.#context.stopping.aborted
    return isKnown && stored > 0 && missing === late && doubled === 0 ? 0 : 1
  }
}
