import { setTimeout as pause } from 'node:timers/promises'
import { beside, Child } from '../harness/child.ts'
import type { Disturbance, SendersMethods } from '../harness/load/bus-senders.process.ts'
import type { LoadCounts } from '../harness/load/load.process.ts'
import type { PaceOptions } from '../harness/load/pace.ts'
import type { Times } from '../harness/load/times.ts'
import { Program } from '../harness/program/program.ts'
import type { Tallied } from '../harness/sink/push-tally.ts'
import { reconcileByQueries } from '../harness/sink/query-sink.ts'
import type { SinkMethods } from '../harness/sink/sink.process.ts'
import type { BusMethods } from './bus.process.ts'
import { type MemberReading, memberReading, type Reading } from './readings.ts'

export interface SiteOptions {
  instances: number
  recordsPerMessage: number
  /** The number of machines that log. */
  hosts: number
  /** The delay of the answers of the bench's store. */
  sinkMs: number
  /** The environment of the programs. A bus or a Loki that it names is used. */
  env: NodeJS.ProcessEnv
}

const STEP_MS = 50
/** The settings of most instances (deploy/kubernetes). */
const SETTINGS = { LOKEAN_WORKERS: '1' }

/**
 * Bus, senders, instances of the program, and store, each a process. The unexpected death of any of them rejects every
 * wait on the site.
 */
export class Site {
  /** The living instances, in the order of their start. */
  readonly members: Program[] = []
  readonly #options: SiteOptions
  readonly #bus: Child<BusMethods> | undefined
  readonly #sink: Child<SinkMethods> | undefined
  readonly #children: Array<Child<never>> = []
  readonly #failed: Array<Promise<never>> = []
  readonly #began = Date.now()
  #senders!: Child<SendersMethods>
  #env: NodeJS.ProcessEnv = {}
  #poolRecords = 0

  private constructor (options: SiteOptions) {
    this.#options = options
    const { LOKEAN_AMQP_URL: bus, LOKEAN_LOKI_URL: loki } = options.env
    if (bus === undefined) this.#bus = this.#child('bus', 'bus.process')
    if (loki === undefined) this.#sink = this.#child('sink', '../harness/sink/sink.process')
  }

  /** Resolves when all instances are attached and nothing has been sent yet. */
  static async start (options: SiteOptions): Promise<Site> {
    const site = new Site(options)
    try {
      await site.#open()
      return site
    } catch (error) {
      await site.close()
      throw error
    }
  }

  /** Starts one more instance. Resolves when it is up; its link may not be attached yet. */
  async join (): Promise<Program> {
    const program = await Program.start(this.#env)
    this.#failed.push(program.failed)
    this.members.push(program)
    return program
  }

  /** Ends one instance. Resolves when it has ended, and rejects where it ends in another way than asked. */
  async end (program: Program, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.members.splice(this.members.indexOf(program), 1)
    const outcome = await program.stop(signal)
    if (outcome !== (signal === 'SIGTERM' ? 0 : 'SIGKILL')) throw new Error(`an instance that got ${signal} ended with ${outcome}`)
  }

  async load (pace: PaceOptions): Promise<void> { await this.#senders.call('start', pace) }

  async counts (): Promise<LoadCounts> { return await this.#senders.call('counts') }

  /** Returns the times since the last call. The first call starts the recording. */
  async times (): Promise<Times> { return await this.#senders.call('times') }

  async disturbance (): Promise<Disturbance> { return await this.#senders.call('disturbance') }

  /** Ends a section of the store's books. Returns undefined where the store is not the bench's. */
  async mark (): Promise<number | undefined> { return await this.#sink?.call('mark') }

  /**
   * Returns the records under one stream heading of a push; undefined where this is unknown. Call it when nothing is
   * measured.
   */
  async recordsPerStream (section: number | undefined): Promise<number | undefined> {
    if (section === undefined) return undefined
    const { records, streams } = await (this.#sink as Child<SinkMethods>).call('section', section)
    return records / streams
  }

  /** Reads all instances at one moment, as nearly as possible. */
  async reading (): Promise<Reading> {
    const load = await this.counts()
    return { load, members: await Promise.all(this.members.map(memberReading)) }
  }

  async member (program: Program): Promise<MemberReading> { return await memberReading(program) }

  /** Lets the load run for so many milliseconds. */
  async run (ms: number): Promise<void> {
    const stop = new AbortController()
    try {
      await Promise.race([pause(ms, undefined, { signal: stop.signal }), ...this.#failed])
    } finally {
      stop.abort()
    }
  }

  /**
   * Runs for at least `ms`, and until each instance has had every stream a few times. A stream that is new to an
   * instance costs a push of its own.
   */
  async warmUp (ms: number, atMost: number): Promise<void> {
    const start = performance.now()
    await this.run(ms)
    const enough = 2 * this.#poolRecords * this.members.length
    await this.until(async () => (await this.counts()).settled >= enough, atMost - (performance.now() - start))
  }

  /** Resolves with whether the condition came true within `ms`. */
  async until (holds: () => Promise<boolean>, ms: number): Promise<boolean> {
    const end = performance.now() + ms
    while (!await holds()) {
      if (performance.now() > end) return false
      await this.run(STEP_MS)
    }
    return true
  }

  /** Sends nothing more, waits until everything that was sent is accepted, and looks for it in the store. */
  async reconcile (): Promise<Tallied & { sent: number }> {
    const { sent } = await Promise.race([this.#senders.call('stop'), ...this.#failed])
    const found = this.#sink !== undefined
      ? await this.#sink.call('reconcile', sent)
      : await reconcileByQueries(this.#options.env, this.#began, sent)
    if (found.other > 0) throw new Error(`${found.other} entries are in the store that were not sent as they are there`)
    return { ...found, sent }
  }

  /** Closes the programs first, then the others in order. Never fails. */
  async close (): Promise<void> {
    await Promise.all(this.members.map(async program => await program.close()))
    await Promise.all(this.#children.map(async child => await child.close()))
  }

  async #open (): Promise<void> {
    const { env, instances, recordsPerMessage, hosts, sinkMs } = this.#options
    const loki = await this.#sink?.call('listen', sinkMs) ?? env.LOKEAN_LOKI_URL
    const bus = await this.#bus?.call('listen') ?? env.LOKEAN_AMQP_URL
    this.#env = { ...SETTINGS, ...env, LOKEAN_ADMIN_ADDR: '127.0.0.1:0', LOKEAN_AMQP_URL: bus, LOKEAN_LOKI_URL: loki }
    this.#senders = this.#child('senders', '../harness/load/bus-senders.process', { ...env, LOKEAN_AMQP_URL: bus })
    this.#poolRecords = (await this.#senders.call('listen', { recordsPerMessage, hosts })).poolRecords
    await Promise.all(Array.from({ length: instances }, async () => await this.join()))
    const attached = async (): Promise<boolean> => (await Promise.all(this.members.map(memberReading))).every(({ linkUp }) => linkUp)
    if (!await this.until(attached, 30_000)) throw new Error(`not all of ${instances} instances came to be attached to ${bus}`)
  }

  #child<M extends SendersMethods | BusMethods | SinkMethods> (name: string, file: string, env?: NodeJS.ProcessEnv): Child<M> {
    const child = new Child<M>(name, beside(file, import.meta.url), env)
    this.#children.push(child)
    this.#failed.push(child.failed)
    return child
  }
}
