import { type Resolved, Settler } from '../ack/settler.ts'
import { Ticket } from '../ack/ticket.ts'
import type { Batch, Opened } from '../batch/batch.ts'
import { Batcher } from '../batch/batcher.ts'
import type { Buffers } from '../batch/buffers.ts'
import { Redeliveries } from '../batch/redeliveries.ts'
import type { CardinalityGuard } from '../ops/cardinality.ts'
import type { LoudestHosts } from '../ops/page/loudest-hosts.ts'
import type { Sink } from '../sink/sink.ts'
import type { Budget } from '../source/budget/budget.ts'
import type { Connection, Delivery, Source, SourceAddress } from '../source/source.ts'
import type { EncodeResult } from '../worker/messages/tasks.ts'
import type { Around, Encode } from './around.ts'
import type { PipelineMetrics } from './pipeline-metrics.ts'
import { Unsettled } from './unsettled.ts'

/** A batch whose records are all stored, so that it can be settled. */
export interface ResolvedBatch extends Resolved {
  /** The sum of its deliveries' costs. */
  cost: number
  opened: Opened
  messages: number
  records: number
  oldestMs: number
}

interface Options {
  sources: readonly Source[]
  budgets: ReadonlyMap<string, Budget>
  buffers: Buffers
  workers: number
  /** LOKEAN_LINGER. */
  lingerMs: number
  encode: Encode
  /** Replaces the ticket of a batch. */
  ticketOf?: Around['ticket'] | undefined
  closing: AbortSignal
  sink: Sink
  cardinality: CardinalityGuard
  hosts: LoudestHosts
  metrics: PipelineMetrics
}

interface Route {
  source: Source
  address: SourceAddress
  budget: Budget
  /** Undefined where the senders do not send again what was lost, or the source itself tells it. */
  redeliveries: Redeliveries | undefined
}

/**
 * The way of a delivery through the stages and back. Each stage gets the function of the next one.
 *
 *     Source --delivery--> Batcher --batch--> worker --parts--> Sink --> Loki
 *      ^                                                         |
 *      +---- Settler <---- Ticket (one a batch) <-----stored-----+
 */
export class Flow {
  readonly #options: Options
  readonly #routes: ReadonlyMap<string, Route>
  readonly #batcher: Batcher
  readonly #settler: Settler<ResolvedBatch>
  readonly #unsettled: Unsettled
  #inflight = 0
  #encoding = 0
  #onIdle: Array<() => void> = []

  constructor (options: Options) {
    this.#options = options
    const { sources, budgets, workers, buffers, lingerMs } = options
    this.#routes = new Map(sources.flatMap(source => source.addresses.map(address => {
      const budget = budgets.get(address.address)
      if (budget === undefined) throw new RangeError(`the address ${address.address} has no budget`)
      budget.onRoom = () => source.grant(address.address)
      const redeliveries = source.whenGone === 'redelivered' ? new Redeliveries(budgets.size) : undefined
      return [address.address, { source, address, budget, redeliveries }] as const
    })))
    this.#unsettled = new Unsettled(this.#routes.keys())
    this.#settler = new Settler({
      settle: (address, connection, ranges) => this.#route(address).source.settle(connection, ranges),
      onSettled: resolved => this.#settled(resolved)
    })
    this.#batcher = new Batcher({
      workers,
      buffers,
      formatOf: address => this.#route(address).address.format,
      isRedelivered: address => this.#route(address).source.whenGone === 'redelivered',
      lingerMs,
      mustGo: address => this.#isShort(address),
      onOpened: ({ address, opened }) => { this.#unsettled.opened(address, opened) },
      onDropped: (batch, cost) => this.#dropped(batch, cost),
      onQuiet: (address, ms, messages) => this.#quiet(address, ms, messages),
      encode: async batch => { await this.#encode(batch) }
    })
  }

  /** The cost of all deliveries that came from the sources and are not settled, in bytes. */
  get inflightBytes (): number {
    return this.#inflight
  }

  get waitingBytes (): number {
    return this.#batcher.waitingBytes
  }

  /** The age of the oldest batch of each address that is not settled, in seconds; 0 where there is none. */
  oldestUnsettled (): Iterable<readonly [address: string, seconds: number]> {
    return this.#unsettled.ages()
  }

  /** Bytes that are with a worker. */
  get encodingBytes (): number {
    return this.#encoding
  }

  received (delivery: Delivery): void {
    this.#batcher.add(delivery)
    this.#inflight += delivery.cost
    this.#options.metrics.received(delivery)
  }

  /** The connection is gone. */
  lost (address: string, connection: Connection): void {
    this.#route(address).redeliveries?.lose(connection)
  }

  /** Resolves when nothing is in flight. */
  async idle (): Promise<void> {
    while (this.#inflight > 0) await new Promise<void>(resolve => { this.#onIdle.push(resolve) })
  }

  /** The process stops: nothing waits for more any longer. */
  hurry (): void {
    this.#batcher.hurry()
  }

  close (): void {
    this.#batcher.close()
  }

  /** Settles at once the batches that are resolved. */
  flush (): void {
    this.#settler.flush()
  }

  #route (address: string): Route {
    const route = this.#routes.get(address)
    if (route === undefined) throw new RangeError(`no source has the address ${address}`)
    return route
  }

  async #encode (batch: Batch): Promise<void> {
    const { buffers, cardinality, hosts, metrics, sink, ticketOf } = this.#options
    const { address, spans, cost, opened, messages } = batch
    this.#route(address).redeliveries?.handOver(batch)
    const result = await this.#work(batch)
    if (result === undefined) return
    metrics.encoded(address, result)
    cardinality.warn(result.cardinalityReports)
    cardinality.tellOdd(result.oddNames)
    if (result.loudHosts !== undefined) hosts.add(result.loudHosts)
    const { oldestMs, shared } = result
    const dropped = result.dropped.reduce((sum, count) => sum + count, 0)
    const records = result.records - result.empty - result.joined - dropped
    if (!shared) buffers.release(batch.bytes)
    const own = new Ticket(result.parts.length, () => {
      if (shared) buffers.release(batch.bytes)
      this.#settler.add({ address, spans, cost, opened, messages, records, oldestMs })
    })
    const ticket = ticketOf?.(batch, own) ?? own
    for (const part of result.parts) sink.add(part, ticket, oldestMs)
  }

  /** Undefined only when the pipeline closes. The batch stays unsettled then. */
  async #work (batch: Batch): Promise<EncodeResult | undefined> {
    const { buffers, closing, encode, metrics } = this.#options
    const start = performance.now()
    this.#encoding += batch.length
    try {
      const result = await encode(batch, buffers.exhausted)
      metrics.worked(batch.length, result.records, performance.now() - start)
      return result
    } catch (error) {
      if (!closing.aborted) throw error
      return undefined
    } finally {
      this.#encoding -= batch.length
    }
  }

  /** The deliveries come again, over another connection. */
  #dropped ({ address, opened, messages }: Batch, cost: number): void {
    if (messages === 0) this.#unsettled.closed(address, opened)
    const { source } = this.#release(address, cost)
    source.grant(address)
    this.#endWhenIdle()
  }

  /** Releases the cost of settled batches. Only now does it come back to senders as credit. */
  #settled (resolved: readonly ResolvedBatch[]): void {
    const routes = new Set<Route>()
    for (const batch of resolved) {
      const route = this.#release(batch.address, batch.cost)
      route.redeliveries?.settle(batch.opened)
      routes.add(route)
      this.#unsettled.closed(batch.address, batch.opened)
      this.#batcher.settled(batch.address, batch.messages)
      this.#options.metrics.stored(batch)
    }
    for (const { source, address } of routes) source.grant(address.address)
    this.#endWhenIdle()
  }

  /** Whether the senders of the address can send no more, or its budget is half used: then waiting costs them time. */
  #isShort (address: string): boolean {
    const { source, budget } = this.#route(address)
    return 2 * budget.used >= budget.limit || !source.canSendMore(address)
  }

  /** Where senders could use up their credit meanwhile, they would have to wait for more. */
  #quiet (address: string, ms: number, messages: number): void {
    const { source } = this.#route(address)
    if (source.quiet !== undefined && source.reading(address).credit > 2 * messages) source.quiet(address, ms)
  }

  #release (address: string, cost: number): Route {
    const route = this.#route(address)
    this.#inflight -= cost
    route.budget.release(cost)
    return route
  }

  #endWhenIdle (): void {
    if (this.#inflight === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}
