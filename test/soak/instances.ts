import { Program } from '../../bench/harness/program/program.ts'
import { MemoryLine, type MemoryTrend } from './memory-trend.ts'
import type { Draw, Fault } from './fault-injection.ts'

interface Instance { program: Program, born: number, memory: MemoryLine }

const GONE = [50, 5_000] as const
const FROZEN = [300, 20_000] as const
const EXTRA = [1_000, 20_000] as const
/** How many lives the report keeps. */
const LONGEST = 5

/**
 * The programs on one address of the bus, each with a listener for RELP. The one at place 0 lives as long as the soak,
 * so that its memory shows a trend; like any other it is frozen now and then. The others are ended by signals and
 * started again.
 */
export class Instances {
  readonly faults: readonly Fault[]
  /** Rejects when a program ends without being asked, or in another way than asked. */
  readonly failed: Promise<never>
  /** The number of programs started so far. */
  started = 0
  /** Records that ended programs pushed again, as each last counted before its signal. */
  pushedAgain = 0
  readonly #env: NodeJS.ProcessEnv
  readonly #now: () => number
  readonly #running = new Map<number, Instance>()
  readonly #trends: MemoryTrend[] = []
  #turn = 0
  #fail: (error: Error) => void = () => {}
  readonly #places: number

  constructor (places: number, env: NodeJS.ProcessEnv, now: () => number) {
    this.#places = places
    this.#env = env
    this.#now = now
    this.failed = new Promise((_resolve, reject) => { this.#fail = reject })
    this.failed.catch(() => {}) // an unawaited failure must not crash the soak
    this.faults = [
      { kind: 'SIGTERM and restart', run: async draw => await this.#restart('SIGTERM', draw) },
      { kind: 'SIGKILL and restart', run: async draw => await this.#restart('SIGKILL', draw) },
      { kind: 'frozen for a while', run: async draw => await this.#freeze(draw) },
      { kind: 'one more for a while', run: async draw => await this.#extra(draw) }
    ]
  }

  async start (): Promise<void> {
    await Promise.all(Array.from({ length: this.#places }, async (_, place) => await this.#begin(place)))
  }

  /** Where senders may connect, to the running programs in turns; 0 where there is none. */
  nextPort (): number {
    const running = [...this.#running.values()]
    return running[this.#turn++ % running.length]?.program.ports[0] ?? 0
  }

  /** Returns the size of each program in MB, by place. */
  sample (): number[] {
    return [...this.#running].sort(([a], [b]) => a - b).map(([, { program, born, memory }]) => {
      const mb = program.memory()?.nowMb
      if (mb !== undefined) memory.add(this.#now() - born, mb)
      return mb ?? NaN
    })
  }

  /** Stops all programs in order, each with its drain. */
  async stop (): Promise<void> {
    await Promise.all([...this.#running.keys()].map(async place => await this.#end(place, 'SIGTERM')))
  }

  /** Kills all programs at once. */
  async kill (): Promise<void> {
    await Promise.all([...this.#running.values()].map(async ({ program }) => await program.stop('SIGKILL')))
    this.#running.clear()
  }

  /** The trends of finished lives, the longest first. */
  trends (): readonly MemoryTrend[] {
    return this.#trends
  }

  async #begin (place: number): Promise<void> {
    const program = await Program.start(this.#env, { detached: true })
    this.started++
    program.failed.catch(this.#fail)
    this.#running.set(place, { program, born: this.#now(), memory: new MemoryLine() })
  }

  async #end (place: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { program, memory } = this.#running.get(place) as Instance
    for (const [series, value] of await program.metrics()) if (series.startsWith('lokean_records_resent_total')) this.pushedAgain += value
    const outcome = await program.stop(signal)
    this.#running.delete(place)
    const trend = memory.trend()
    if (trend !== undefined) {
      this.#trends.push(trend)
      this.#trends.sort((a, b) => b.seconds - a.seconds).splice(LONGEST)
    }
    if (outcome !== (signal === 'SIGTERM' ? 0 : 'SIGKILL')) this.#fail(new Error(`a program that got ${signal} ended with ${outcome}`))
  }

  async #restart (signal: 'SIGTERM' | 'SIGKILL', draw: Draw): Promise<void> {
    const place = 1 + draw.below(this.#places - 1)
    await this.#end(place, signal)
    await draw.last(draw.spread(...GONE))
    await this.#begin(place)
  }

  async #freeze (draw: Draw): Promise<void> {
    const { program } = this.#running.get(draw.below(this.#places)) as Instance
    program.freeze()
    await draw.last(draw.spread(...FROZEN))
    program.thaw()
  }

  async #extra (draw: Draw): Promise<void> {
    await this.#begin(this.#places)
    await draw.last(draw.spread(...EXTRA))
    await this.#end(this.#places, draw.chance(0.5) ? 'SIGTERM' : 'SIGKILL')
  }
}
