import type { LoudHost } from '../ops/page/loudest-hosts.ts'
import type { Checks } from '../worker/messages/tasks.ts'
import { openStages, type StageOptions, type Stages } from './stages.ts'

/**
 * The life cycle of the stages.
 *
 *     made --start()--> started --stop()--> draining --(nothing in flight, or the deadline)--> closed
 *       any --close()--> closed
 */
export class Pipeline {
  /**
   * Rejects where the pipeline cannot go on. The process should then end. The bus delivers again what is not settled;
   * datagrams in flight are lost.
   */
  readonly failed: Promise<never>
  readonly #stages: Stages
  readonly #drainTimeoutMs: number
  readonly #fail: (error: Error) => void
  #closed: Promise<void> | undefined

  private constructor (stages: Stages, drainTimeoutMs: number, failed: Promise<never>, fail: (error: Error) => void) {
    this.#stages = stages
    this.#drainTimeoutMs = drainTimeoutMs
    this.failed = failed
    this.#fail = fail
  }

  /** Rejects with ConfigError where the dead-letter directory or a socket cannot be used. Nothing is connected yet. */
  static async create (options: StageOptions): Promise<Pipeline> {
    let fail!: (error: Error) => void
    const failed = new Promise<never>((_resolve, reject) => { fail = reject })
    failed.catch(() => {})
    return new Pipeline(await openStages(options, fail), options.config.drainTimeoutMs, failed, fail)
  }

  start (): void {
    const { cardinality, memory, sources, flow, sink } = this.#stages
    cardinality.start()
    memory.start()
    for (const source of sources) {
      source.start({
        onDelivery: delivery => flow.received(delivery),
        onGone: (address, connection) => flow.lost(address, connection),
        onFatal: this.#fail
      })
    }
    sink.start()
  }

  /** The cost of all deliveries that came from the sources and are not settled, in bytes. */
  get inflightBytes (): number {
    return this.#stages.flow.inflightBytes
  }

  /** The hosts with the most records within the last minute. */
  get loudestHosts (): readonly LoudHost[] {
    return this.#stages.hosts.loudest
  }

  /** Where its sources read from. */
  get startFacts (): Readonly<Record<string, unknown>> {
    const facts: Record<string, unknown> = {}
    for (const { startFacts } of this.#stages.sources) {
      for (const [name, value] of Object.entries(startFacts)) facts[name] = name in facts ? [facts[name], value].flat() : value
    }
    return facts
  }

  status (): { ready: boolean, checks: Checks } {
    const { sources, sink } = this.#stages
    const checks: Checks = { ...Object.fromEntries(sources.map(source => [source.name, source.status()])), loki: sink.status() }
    return { ready: Object.values(checks).every(({ ok }) => ok), checks }
  }

  /**
   * Takes no more, waits until all deliveries are resolved and settled, and closes everything. Deliveries that are not
   * settled by the drain timeout stay unsettled. The bus delivers them again; datagrams among them are lost. The result
   * has their cost in bytes.
   */
  async stop (): Promise<{ unsettledBytes: number }> {
    const { sources, flow, sink } = this.#stages
    sink.drain()
    flow.hurry()
    const drained = Promise.all(sources.map(async source => { await source.stop() })).then(async () => { await flow.idle() })
    await withDeadline(drained, this.#drainTimeoutMs)
    flow.flush()
    const unsettledBytes = flow.inflightBytes
    await this.close()
    return { unsettledBytes }
  }

  /**
   * Closes everything as it is. Deliveries in flight stay unsettled. The sources close first, so that the bus can
   * deliver them to other consumers.
   */
  async close (): Promise<void> {
    this.#closed ??= this.#close()
    await this.#closed
  }

  async #close (): Promise<void> {
    const { closing, cardinality, memory, sources, flow, sink, pool } = this.#stages
    closing.abort()
    flow.close()
    cardinality.stop()
    memory.stop()
    await Promise.all(sources.map(async source => { await source.close() }))
    await sink.close()
    await pool.close()
  }
}

async function withDeadline (done: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<void>(resolve => { timer = setTimeout(resolve, timeoutMs) })
  await Promise.race([done, deadline])
  clearTimeout(timer)
}
