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
  /** Machines that log. */
  hosts: number
  /** How late the bench's own store answers. */
  sinkMs: number
  /** Of the programs; where it names a bus or a Loki, these are used. */
  env: NodeJS.ProcessEnv
}

const STEP_MS = 50
/** What most instances have (deploy/kubernetes). */
const SETTINGS = { LOKEAN_WORKERS: '1' }

/** Bus, senders, instances of the program, and store: a process each. The death of any of them that was not asked for fails whoever waits here. */
export class Site {
  /** Those that live, in the order in which they came. */
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

  /** Starts one more; resolves when it is up, which says nothing of its link. */
  async join (): Promise<Program> {
    const program = await Program.start(this.#env)
    this.#failed.push(program.failed)
    this.members.push(program)
    return program
  }

  /** Ends one, and resolves when it has ended. Rejects where it ends otherwise than it was told to. */
  async end (program: Program, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.members.splice(this.members.indexOf(program), 1)
    const outcome = await program.stop(signal)
    if (outcome !== (signal === 'SIGTERM' ? 0 : 'SIGKILL')) throw new Error(`an instance that got ${signal} ended with ${outcome}`)
  }

  async load (pace: PaceOptions): Promise<void> { await this.#senders.call('start', pace) }

  async counts (): Promise<LoadCounts> { return await this.#senders.call('counts') }

  /** Since the last call; the first one begins. */
  async times (): Promise<Times> { return await this.#senders.call('times') }

  async disturbance (): Promise<Disturbance> { return await this.#senders.call('disturbance') }

  /** Ends a section of the store's books; undefined where the store is not the bench's. */
  async mark (): Promise<number | undefined> { return await this.#sink?.call('mark') }

  /** Records under one heading of a stream in a push; undefined where it cannot be told. To be asked when nothing is measured. */
  async recordsPerStream (section: number | undefined): Promise<number | undefined> {
    if (section === undefined) return undefined
    const { records, streams } = await (this.#sink as Child<SinkMethods>).call('section', section)
    return records / streams
  }

  /** All at one moment, or as near as it gets. */
  async reading (): Promise<Reading> {
    const load = await this.counts()
    return { load, members: await Promise.all(this.members.map(memberReading)) }
  }

  async member (program: Program): Promise<MemberReading> { return await memberReading(program) }

  /** Lets it go on for so many milliseconds. */
  async run (ms: number): Promise<void> {
    const stop = new AbortController()
    try {
      await Promise.race([pause(ms, undefined, { signal: stop.signal }), ...this.#failed])
    } finally {
      stop.abort()
    }
  }

  /** At least so long, and until each instance has had every stream a few times: one that is new to an instance costs a push of its own. */
  async warmUp (ms: number, atMost: number): Promise<void> {
    const start = performance.now()
    await this.run(ms)
    const enough = 2 * this.#poolRecords * this.members.length
    await this.until(async () => (await this.counts()).settled >= enough, atMost - (performance.now() - start))
  }

  /** Whether it came to be within so many milliseconds. */
  async until (holds: () => Promise<boolean>, ms: number): Promise<boolean> {
    const end = performance.now() + ms
    while (!await holds()) {
      if (performance.now() > end) return false
      await this.run(STEP_MS)
    }
    return true
  }

  /** Sends no more, waits until all that was sent is accepted, and looks for it in the store. */
  async reconcile (): Promise<Tallied & { sent: number }> {
    const { sent } = await Promise.race([this.#senders.call('stop'), ...this.#failed])
    const found = this.#sink !== undefined ? await this.#sink.call('reconcile', sent) : await reconcileByQueries(this.#options.env, this.#began, sent)
    if (found.other > 0) throw new Error(`${found.other} entries are in the store that were not sent as they are there`)
    return { ...found, sent }
  }

  /** The programs first, in order; never fails. */
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
