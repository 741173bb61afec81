import { setTimeout as pause } from 'node:timers/promises'
import { beside, Child } from './child.ts'
import { LoadControl } from './load/load-control.ts'
import type { LoadCounts, LoadMethods } from './load/load.process.ts'
import type { CpuUsage } from './program/process-usage.ts'
import { Program, type ProgramOptions } from './program/program.ts'
import type { Tallied } from './sink/push-tally.ts'
import { reconcileByQueries } from './sink/query-sink.ts'
import { SinkControl } from './sink/sink-control.ts'
import type { SinkMethods } from './sink/sink.process.ts'

export interface RigOptions {
  recordsPerMessage: number
  /** The number of machines that log. */
  hosts?: number
  /** The pool of the bench's own load holds so many streams, one in each record. */
  streams?: number
  /** Settings of the program, which win over this process's environment. */
  env?: Readonly<Record<string, string>>
  /** The delay of each answer of the bench's sink, in milliseconds. */
  sinkMs?: number
  /** Use the bench's own bus and sink, whatever the environment names. */
  own?: boolean
  /** The Loki to push to and to read back from. */
  lokiUrl?: string
  /** The program to run, and the arguments of its Node. */
  program?: Pick<ProgramOptions, 'main' | 'nodeArguments'>
}

const WARM_UP_STEP_MS = 50

/** The load and the CPU at one moment, as nearly as possible. */
export interface Snapshot { load: LoadCounts, cpu: CpuUsage }

/** Records settled a second between two counts. */
export function rateBetween (from: LoadCounts, to: LoadCounts): number {
  return (to.settled - from.settled) / (to.at - from.at) * 1000
}

/** Cores that the program kept busy between two snapshots. */
export function coresBetween (from: Snapshot, to: Snapshot): number {
  return (to.cpu.totalMicros - from.cpu.totalMicros) / (to.load.at - from.load.at) / 1000
}

/**
 * Resolves when the program has attached its link and nothing has been sent yet. A failure closes everything that was
 * started.
 */
export async function startRig (options: RigOptions): Promise<Rig> {
  const rig = new Rig(options)
  try {
    await rig.open()
    return rig
  } catch (error) {
    await rig.close()
    throw error
  }
}

/** A load, a program and a sink, each a process. The death of any of them rejects every wait on the rig. */
export class Rig {
  readonly load: LoadControl
  /** Undefined where the store is not the bench's own. */
  readonly sink: SinkControl | undefined
  program!: Program
  readonly #options: RigOptions
  readonly #env: NodeJS.ProcessEnv
  readonly #loadChild: Child<LoadMethods>
  readonly #sinkChild: Child<SinkMethods> | undefined
  readonly #began = Date.now()

  constructor (options: RigOptions) {
    this.#options = options
    this.#env = {
      ...(options.own === true ? withoutPeers(process.env) : process.env),
      ...(options.lokiUrl === undefined ? {} : { LOKEAN_LOKI_URL: options.lokiUrl })
    }
    this.#loadChild = new Child(
      'load', beside(this.#env.LOKEAN_AMQP_URL === undefined ? 'load/load.process' : 'load/bus-senders.process', import.meta.url)
    )
    this.#sinkChild = this.#env.LOKEAN_LOKI_URL === undefined ? new Child('sink', beside('sink/sink.process', import.meta.url)) : undefined
    this.load = new LoadControl(this.#loadChild)
    this.sink = this.#sinkChild === undefined ? undefined : new SinkControl(this.#sinkChild)
  }

  /** For `startRig` only. */
  async open (): Promise<void> {
    const { recordsPerMessage, hosts = 100, streams, env, sinkMs = 0, program } = this.#options
    const loki = await this.#sinkChild?.call('listen', sinkMs)
    const { url: bus, poolRecords } = await this.#loadChild.call('listen', { recordsPerMessage, hosts, streams })
    this.load.poolRecords = poolRecords
    this.program = await Program.start({
      ...this.#env,
      LOKEAN_ADMIN_ADDR: '127.0.0.1:0',
      LOKEAN_AMQP_URL: bus,
      ...(loki === undefined ? {} : { LOKEAN_LOKI_URL: loki }),
      ...env
    }, program)
    await this.#alive(this.#loadChild.call('attached'))
  }

  /** Lets the load run for so many milliseconds. */
  async run (ms: number): Promise<void> {
    const stop = new AbortController()
    try {
      await this.#alive(pause(ms, undefined, { signal: stop.signal }))
    } finally {
      stop.abort()
    }
  }

  /**
   * Runs the load for at least `ms`, so that V8 compiles, and until the program knows every stream and has worked off
   * its backlog. A new stream costs a push of its own. `atMost` ends the warm-up in any case.
   */
  async warmUp (ms: number, atMost = 30_000): Promise<void> {
    const start = performance.now()
    await this.run(ms)
    for (const mark of [(): number => this.load.poolRecords, (counts: LoadCounts): number => counts.sent]) {
      let counts = await this.load.counts()
      const enough = mark(counts)
      while (counts.settled < enough && performance.now() - start < atMost) {
        await this.run(WARM_UP_STEP_MS)
        counts = await this.load.counts()
      }
    }
  }

  /** Without /proc the main thread's CPU is NaN, because the metrics know only the sum. */
  async snapshot (): Promise<Snapshot> {
    const load = await this.load.counts()
    return { load, cpu: this.program.cpu() ?? await this.#cpuByMetrics() }
  }

  /** Compares the records numbered 0 to `sent` - 1 with the store. Call it when everything is settled. */
  async reconcile (sent: number): Promise<Tallied> {
    if (this.#sinkChild !== undefined) return await this.#sinkChild.call('reconcile', sent)
    return await reconcileByQueries({ ...this.#env, ...this.#options.env }, this.#began, sent)
  }

  /** Closes the program first, then the others in order. Never fails. */
  async close (): Promise<void> {
    await this.program?.close()
    await Promise.all([this.#loadChild.close(), this.#sinkChild?.close()])
  }

  async #cpuByMetrics (): Promise<CpuUsage> {
    const seconds = (await this.program.metrics()).get('process_cpu_seconds_total') ?? NaN
    return { totalMicros: seconds * 1e6, mainMicros: NaN }
  }

  async #alive<T> (what: Promise<T>): Promise<T> {
    return await Promise.race([
      what, this.program.failed, this.#loadChild.failed, ...(this.#sinkChild === undefined ? [] : [this.#sinkChild.failed])
    ])
  }
}

function withoutPeers (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^LOKEAN_(AMQP|LOKI)_/.test(name)))
}
