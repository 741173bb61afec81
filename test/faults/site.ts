import assert from 'node:assert/strict'
import type { LoadCounts } from '../../src/generator/load.ts'
import { type Random, seededRandom } from '../../src/generator/random.ts'
import { type BusOptions, type EmbeddedBus, startBus } from '../../src/embedded/bus/bus.ts'
import type { Intercept } from '../../src/embedded/loki/push/fault.ts'
import { type EmbeddedLoki, startLoki } from '../../src/embedded/loki/server.ts'
import type { Limits } from '../../src/embedded/loki/push/limits.ts'
import type { Cleanup } from '../helpers/cleanup.ts'
import { type Exit, type Program, startRun } from '../helpers/program.ts'
import { Resent } from './resent.ts'
import type { CaughtUp } from './results.ts'
import { ADDRESS, NO_COUNTS, RECORDS, RECORDS_PER_MESSAGE, sendLoad, type SiteLoad } from './site-load.ts'
import { ByRelp, overBus, type Way } from './way.ts'
import { Wire } from './wire.ts'

export interface SiteOptions extends SiteLoad {
  /** Limits of the embedded Loki. Its rate limits are off by default. */
  limits?: Partial<Limits>
  bus?: BusOptions
  /** The tenants to search for the records. With any, the store requires a tenant. */
  tenants?: readonly string[]
}

/** The generator writes this in front of each record's number. */
export const MARKER = ' seq='
/** A new stream costs a push of its own. With few streams the fault takes the time, not the pushes. */
export const FEW_STREAMS = { hosts: 20 } satisfies SiteOptions
const PROGRAM_LIVES_MS = 300_000

/** The fate of the sent records. */
export interface Reconciled {
  sent: number
  stored: number
  missing: number
  /** Further entries of stored records: what Loki did not find to be repeats. */
  storedTwice: number
  /** Records that were pushed again or came again. Each may be stored twice, and no other. */
  resent: number
  quarantined: number
}

/**
 * A bus with senders, a Loki, and wires to both that can fail, all in this process. The scenario starts the programs
 * between them.
 */
export class Site {
  readonly seed: number
  /** 32 random bits at a time, from the seed. */
  readonly random: Random
  readonly cleanup: Cleanup
  bus!: EmbeddedBus
  loki!: EmbeddedLoki
  /** The wires that programs connect to. */
  busWire!: Wire
  lokiWire!: Wire
  /** The wire of senders by RELP, to the program that was started last. */
  relpWire!: Wire
  /** Intercepts each push; undefined lets all through. */
  fault: Intercept | undefined
  /** Counts the intercepted pushes. */
  struck = 0
  /** The senders' counts. A record counts once, however often it is sent. */
  counts = NO_COUNTS
  /** Those of the new records, and where there are late ones, theirs. */
  loads: ReadonlyArray<Readonly<LoadCounts>> = [NO_COUNTS, NO_COUNTS]
  /** Messages that came again without their senders' doing. */
  redelivered = 0
  /** From the end of the fault to the next settled message; the longest of several faults. */
  recoverySeconds: number | undefined
  /** How disk queues were sent beside new records. */
  caughtUp: CaughtUp | undefined
  /** Rejects when a program ends without being asked. */
  readonly broken: Promise<never>
  #broke!: (error: Error) => void
  readonly #options: SiteOptions
  readonly #addresses: readonly string[]
  readonly #programs = new Set<Program>()
  readonly #ending = new AbortController()
  readonly #resent = new Resent()
  #load: Promise<unknown> = Promise.resolve()
  #way!: Way

  private constructor (cleanup: Cleanup, seed: number, options: SiteOptions) {
    this.cleanup = cleanup
    this.seed = seed
    this.random = seededRandom(seed)
    this.#options = options
    this.#addresses = options.addresses ?? [ADDRESS]
    this.broken = new Promise((_resolve, reject) => { this.#broke = reject })
    this.broken.catch(() => {}) // an unawaited failure must not crash the test
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
    site.relpWire = await site.wire(() => byRelp.port)
    const byRelp = new ByRelp(site.relpWire, () => site.counts, options.tls !== undefined)
    site.#way = options.via === 'relp' ? byRelp : overBus(site.bus, site.busWire, site.#addresses, options)
    cleanup.add(async () => { await site.#endLoad() })
    return site
  }

  /** Adds another wire to the bus or to Loki. */
  async wire (port: () => number): Promise<Wire> {
    const wire = await Wire.to(port)
    this.cleanup.add(() => wire.close())
    return wire
  }

  /** Returns a random number from 0 up to, not including, `limit`. */
  below (limit: number): number {
    return this.random() % limit
  }

  /** Starts a program with one worker thread between the wires. `env` wins. */
  start (env: Readonly<Record<string, string>> = {}): Program {
    const program = startRun(this.cleanup, {
      ...this.#way.env,
      LOKEAN_LOKI_URL: `http://127.0.0.1:${this.lokiWire.port}`,
      ...env
    }, [], PROGRAM_LIVES_MS)
    this.#programs.add(program)
    this.#way.started(program)
    void program.exited.then(({ code, signal, stderr }) => {
      this.#programs.delete(program)
      if (code !== 0 && signal !== 'SIGKILL') this.#broke(new Error(`a program ended (${signal ?? `exit code ${code}`}): ${stderr}`))
    })
    return program
  }

  /** Ends a program, whose counters would go with it. */
  async stop (program: Program, signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    await this.#resent.read(program)
    return await program.stop(signal)
  }

  /** Starts the senders, which send as soon as somebody takes what they have. */
  send (): void {
    this.#load = sendLoad(this.#way.url, this.#options, this.seed, this.#ending.signal, counts => {
      this.loads = counts
      this.counts = counts.reduce(sum)
    })
    this.#load.catch(() => {}) // an unawaited failure must not crash the test
  }

  /** Resolves when at least this part of the records, 0 to 1, is settled. */
  async settled (share: number): Promise<void> {
    const records = share * (this.#options.records ?? RECORDS)
    await this.#way.until(() => this.#way.settled() >= records)
  }

  /**
   * Runs a program under the fault until this part of the records is settled and at least so many pushes met the fault.
   */
  async meet (fault: Intercept, share: number, least: number): Promise<void> {
    this.fault = fault
    this.start()
    this.send()
    await this.settled(share)
    this.fault = undefined
    await this.over()
    assert.ok(this.struck > least, `${this.struck} pushes are too few`)
  }

  /** Calls `strike` so many times, spread over the first four fifths of the records. */
  async again (times: number, strike: () => unknown): Promise<void> {
    for (let i = 1; i <= times; i++) {
      await this.settled(0.8 * i / times)
      await strike()
    }
  }

  /** Resolves when the programs hold so many unsettled messages. */
  async stuck (messages = 1): Promise<void> {
    await this.bus.until(stats => this.#addresses.reduce((sum, address) => sum + (stats[address]?.unsettled ?? 0), 0) >= messages)
  }

  /** Ends the fault. Resolves when the next message is settled; `recoverySeconds` is known then. */
  async over (): Promise<void> {
    const start = performance.now()
    const before = this.#way.settled()
    await this.#way.until(() => this.#way.settled() > before)
    this.recoverySeconds = Math.max(this.recoverySeconds ?? 0, (performance.now() - start) / 1000)
  }

  /**
   * Resolves when everything is settled and all programs have stopped with exit code 0. Returns what the store then
   * holds.
   */
  async reconcile (): Promise<Reconciled> {
    await this.#load
    for (const program of [...this.#programs]) {
      const { code, stderr } = await this.stop(program)
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    }
    const { accepted: sent, rejected } = this.counts
    assert.equal(rejected, 0)
    const parts = (this.#options.tenants ?? ['fake']).map(tenant => this.loki.store.countIds(MARKER, { expected: sent, tenant }))
    const sum = (key: 'distinct' | 'repeated' | 'quarantined' | 'quarantinedIds' | 'unexpected'): number => parts.reduce(
      (total, part) => total + part[key], 0
    )
    assert.equal(sum('unexpected'), 0, 'nothing is stored that was not sent')
    const stored = sum('distinct') + sum('quarantinedIds')
    return {
      sent,
      stored,
      missing: sent - stored,
      storedTwice: sum('repeated'),
      resent: this.#mayBeTwice(),
      quarantined: sum('quarantined')
    }
  }

  /** What the programs have counted themselves, and what the senders know of. */
  #mayBeTwice (): number {
    const { pushedAgain, cameAgain } = this.#resent
    const sentAgain = this.counts.resent + this.redelivered * (this.#options.recordsPerMessage ?? RECORDS_PER_MESSAGE)
    return pushedAgain + Math.max(cameAgain, sentAgain)
  }

  async #endLoad (): Promise<void> {
    this.#ending.abort()
    await this.#load.catch(() => {})
  }
}

function sum (one: Readonly<LoadCounts>, other: Readonly<LoadCounts>): LoadCounts {
  const names = Object.keys(one) as Array<keyof LoadCounts>
  return Object.fromEntries(names.map(name => [name, one[name] + other[name]])) as unknown as LoadCounts
}
