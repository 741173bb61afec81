import assert from 'node:assert/strict'
import { createGenerator } from '../../src/generator/generator.ts'
import type { LoadCounts } from '../../src/generator/load.ts'
import { type Random, seededRandom } from '../../src/generator/random.ts'
import { startSenders } from '../../src/generator/sender.ts'
import { type BusOptions, type BusStats, type EmbeddedBus, startBus } from '../../src/embedded/bus/bus.ts'
import type { Intercept } from '../../src/embedded/loki/push/fault.ts'
import { type EmbeddedLoki, startLoki } from '../../src/embedded/loki/server.ts'
import type { Limits } from '../../src/embedded/loki/push/limits.ts'
import type { Cleanup } from '../helpers/cleanup.ts'
import { type Program, startRun } from '../helpers/program.ts'
import { Wire } from './wire.ts'

export interface SiteOptions {
  /** Different records to send; at least. */
  records?: number
  recordsPerMessage?: number
  /** Machines that log. */
  hosts?: number
  clouds?: number
  addresses?: readonly string[]
  /** Records a second; as fast as it goes without. */
  rate?: number
  /** Messages that each of the senders' connections may have unsettled. */
  window?: number
  /** Of the embedded Loki; its rate limits are off unless given. */
  limits?: Partial<Limits>
  bus?: BusOptions
  /** Where the store is asked for the records; with them, it wants to be told the tenant. */
  tenants?: readonly string[]
}

/** What every record of the generator carries in front of its number. */
export const MARKER = ' seq='
/** A stream that is new costs a push of its own: with few of them, the fault is what takes the time. */
export const FEW_STREAMS = { hosts: 20 } satisfies SiteOptions
export const ADDRESS = 'rsyslog/logs'
const RECORDS = 200_000
const CONNECTIONS = 8
const WINDOW = 16
const PROGRAM_LIVES_MS = 300_000

/** What came of the records that were sent. */
export interface Reconciled { sent: number, stored: number, missing: number, doubled: number, repeated: number, quarantined: number }

/**
 * A bus with senders, a Loki, and wires to both that can fail; the programs between them are the scenario's to start. Everything but
 * those is in this process.
 */
export class Site {
  readonly seed: number
  /** 32 random bits, from the seed. */
  readonly random: Random
  readonly cleanup: Cleanup
  bus!: EmbeddedBus
  loki!: EmbeddedLoki
  /** What programs connect to. */
  busWire!: Wire
  lokiWire!: Wire
  /** What happens to each push; nothing, if undefined. */
  fault: Intercept | undefined
  /** Pushes that something happened to. */
  struck = 0
  /** Of the senders: a record counts once, however often it is sent. */
  counts: Readonly<LoadCounts> = { sent: 0, accepted: 0, rejected: 0, released: 0, modified: 0, resent: 0, unsettled: 0 }
  /** From the end of the fault to the next settled message; of several faults, the longest. */
  recoverySeconds: number | undefined
  /** Rejects when a program ends by itself. */
  readonly broken: Promise<never>
  #broke!: (error: Error) => void
  readonly #options: SiteOptions
  readonly #addresses: readonly string[]
  readonly #programs = new Set<Program>()
  readonly #ending = new AbortController()
  #load: Promise<unknown> = Promise.resolve()

  private constructor (cleanup: Cleanup, seed: number, options: SiteOptions) {
    this.cleanup = cleanup
    this.seed = seed
    this.random = seededRandom(seed)
    this.#options = options
    this.#addresses = options.addresses ?? [ADDRESS]
    this.broken = new Promise((_resolve, reject) => { this.#broke = reject })
    this.broken.catch(() => {}) // that nobody waits for it is no crash
  }

  static async open (cleanup: Cleanup, seed: number, options: SiteOptions = {}): Promise<Site> {
    const site = new Site(cleanup, seed, options)
    site.bus = await startBus({ maxFrameSize: 65_536, ...options.bus })
    cleanup.add(async () => { await site.bus.close() })
    site.loki = await startLoki({
      limits: { rateBytes: Infinity, burstBytes: Infinity, streams: Infinity, ...options.limits },
      authEnabled: options.tenants !== undefined,
      intercept: async push => {
        const fault = await site.fault?.(push)
        if (fault !== undefined) site.struck++
        return fault
      }
    })
    cleanup.add(async () => { await site.loki.close() })
    site.busWire = await site.wire(() => site.bus.port)
    site.lokiWire = await site.wire(() => site.loki.port)
    cleanup.add(async () => { await site.#endLoad() })
    return site
  }

  /** One more way to the bus or to Loki. */
  async wire (port: () => number): Promise<Wire> {
    const wire = await Wire.to(port)
    this.cleanup.add(() => wire.close())
    return wire
  }

  /** A number of 0 or more below `limit`. */
  below (limit: number): number {
    return this.random() % limit
  }

  /** A program with one worker thread, between the wires; `env` wins. */
  start (env: Readonly<Record<string, string>> = {}): Program {
    const program = startRun(this.cleanup, {
      LOKEAN_AMQP_URL: `amqp://127.0.0.1:${this.busWire.port}`,
      LOKEAN_AMQP_ADDRESSES: this.#addresses.join(','),
      LOKEAN_LOKI_URL: `http://127.0.0.1:${this.lokiWire.port}`,
      ...env
    }, [], PROGRAM_LIVES_MS)
    this.#programs.add(program)
    void program.exited.then(({ code, signal, stderr }) => {
      this.#programs.delete(program)
      if (code !== 0 && signal !== 'SIGKILL') this.#broke(new Error(`a program ended (${signal ?? `exit code ${code}`}): ${stderr}`))
    })
    return program
  }

  /** Begins to send, as soon as somebody receives. */
  send (): void {
    const { hosts = 100, clouds = 1, recordsPerMessage = 100, records = RECORDS, rate, window = WINDOW } = this.#options
    this.#load = startSenders({
      url: this.bus.url,
      addresses: this.#addresses,
      generator: createGenerator({ hosts, clouds, recordsPerMessage, seed: this.seed }),
      records,
      rate,
      connections: CONNECTIONS,
      window,
      signal: this.#ending.signal,
      drainTimeout: 0,
      onProgress: counts => { this.counts = counts }
    })
    this.#load.catch(() => {}) // whoever waits for it gets to know
  }

  /** Resolves when this share of the records, 0 to 1, or more is settled. */
  async settled (share: number): Promise<void> {
    const messages = share * (this.#options.records ?? RECORDS) / (this.#options.recordsPerMessage ?? 100)
    await this.bus.until(stats => this.#accepted(stats) >= messages)
  }

  /** A program whose pushes meet the fault until this share of the records is settled: so many of them at least. */
  async meet (fault: Intercept, share: number, least: number): Promise<void> {
    this.fault = fault
    this.start()
    this.send()
    await this.settled(share)
    this.fault = undefined
    await this.over()
    assert.ok(this.struck > least, `${this.struck} pushes are too few`)
  }

  /** Strikes so many times, spread over the first four fifths of the records. */
  async again (times: number, strike: () => unknown): Promise<void> {
    for (let i = 1; i <= times; i++) {
      await this.settled(0.8 * i / times)
      await strike()
    }
  }

  /** Resolves when so many more messages are unsettled with the programs than none. */
  async stuck (messages = 1): Promise<void> {
    await this.bus.until(stats => this.#addresses.reduce((sum, address) => sum + (stats[address]?.unsettled ?? 0), 0) >= messages)
  }

  /** The fault ends now: resolves, with `recoverySeconds` known, when the next message is settled. */
  async over (): Promise<void> {
    const start = performance.now()
    const before = this.#accepted(this.bus.stats())
    await this.bus.until(stats => this.#accepted(stats) > before)
    this.recoverySeconds = Math.max(this.recoverySeconds ?? 0, (performance.now() - start) / 1000)
  }

  /** Resolves when all is settled and the programs have stopped, each with exit code 0; then says what the store has of it. */
  async reconcile (): Promise<Reconciled> {
    await this.#load
    for (const program of [...this.#programs]) {
      const { code, stderr } = await program.stop()
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    }
    const { accepted: sent, rejected } = this.counts
    assert.equal(rejected, 0)
    const parts = (this.#options.tenants ?? ['fake']).map(tenant => this.loki.store.countIds(MARKER, { expected: sent, tenant }))
    const sum = (key: 'distinct' | 'repeated' | 'quarantined' | 'quarantinedIds' | 'unexpected'): number => parts.reduce((total, part) => total + part[key], 0)
    assert.equal(sum('unexpected'), 0, 'nothing is stored that was not sent')
    const stored = sum('distinct') + sum('quarantinedIds')
    return { sent, stored, missing: sent - stored, doubled: sum('repeated'), repeated: this.loki.stats().duplicates, quarantined: sum('quarantined') }
  }

  #accepted (stats: BusStats): number {
    return this.#addresses.reduce((sum, address) => sum + (stats[address]?.accepted ?? 0), 0)
  }

  async #endLoad (): Promise<void> {
    this.#ending.abort()
    await this.#load.catch(() => {})
  }
}
