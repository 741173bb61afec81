import type { Check } from '../../worker/messages/tasks.ts'
import type { Budget } from '../budget/budget.ts'
import type { Connection, Range, Source, SourceAddress, SourceCounters, SourceEvents } from '../source.ts'

/** A message that is to be delivered as if its address had sent it. */
export interface Replayed { readonly address: string, readonly message: Uint8Array }

interface Options<T extends Replayed> {
  addresses: readonly SourceAddress[]
  budgetOf: (address: string) => Budget
  /** What to deliver, page by page. A page is asked for when the one before is delivered. */
  pages: AsyncIterable<readonly T[]>
  /** The messages are resolved: their records are where the sink puts them. */
  onSettled: (messages: T[]) => void
}

/**
 * Delivers a list of messages that ends. Once all are delivered and settled, `done` resolves.
 *
 *     made --start()--> delivering --(the list ends, or stop())--> stopped
 *       any --close()--> closed
 */
export class ReplaySource<T extends Replayed> implements Source {
  readonly name = 'replay'
  readonly whenGone = 'kept'
  readonly counters: SourceCounters = {}
  readonly startFacts = {}
  readonly addresses: readonly SourceAddress[]
  readonly done: Promise<void>
  readonly #options: Options<T>
  readonly #connection: Connection = { gone: false }
  /** What is delivered and not settled, by the id of its delivery. */
  readonly #unsettled = new Map<number, T>()
  #next = 0
  #ended = false
  #pumping: Promise<void> = Promise.resolve()
  #onRoom: () => void = () => {}
  #onDone!: () => void

  constructor (options: Options<T>) {
    this.#options = options
    this.addresses = options.addresses
    this.done = new Promise(resolve => { this.#onDone = resolve })
  }

  /** The message of a delivery that is not settled. */
  messageOf (id: number): T {
    const message = this.#unsettled.get(id)
    if (message === undefined) throw new RangeError(`no delivery ${id} is unsettled`)
    return message
  }

  start (events: SourceEvents): void {
    this.#pumping = this.#pump(events).catch((error: unknown) => {
      // A list that is closed while it is read fails.
      if (!this.#ended) events.onFatal(error as Error)
    })
  }

  canSendMore (): boolean {
    return !this.#ended
  }

  settle (_connection: Connection, ranges: Range[]): void {
    const settled: T[] = []
    for (const [first, last] of ranges) {
      for (let id = first; id <= last; id++) {
        settled.push(this.messageOf(id))
        this.#unsettled.delete(id)
      }
    }
    this.#options.onSettled(settled)
    this.#endWhenSettled()
  }

  grant (): void {
    this.#onRoom()
  }

  async stop (): Promise<void> {
    this.#ended = true
    this.#onRoom()
    await this.#pumping
  }

  async close (): Promise<void> {
    await this.stop()
  }

  status (): Check {
    return { ok: true, detail: this.#ended ? 'read' : 'reading' }
  }

  reading (): { up: boolean, credit: number } {
    return { up: !this.#ended, credit: 0 }
  }

  /** Asked anew each time: while the pump waits, it may be stopped. */
  #isEnded (): boolean {
    return this.#ended
  }

  async #pump (events: SourceEvents): Promise<void> {
    for await (const page of this.#options.pages) {
      for (const message of page) {
        if (!this.#isEnded()) await this.#room(message)
        if (this.#isEnded()) return
        this.#deliver(message, events)
      }
    }
    this.#ended = true
    this.#endWhenSettled()
  }

  /** Resolves when the budget of the address has room. A message that is larger than all room goes alone. */
  async #room ({ address, message }: T): Promise<void> {
    const budget = this.#options.budgetOf(address)
    while (!this.#ended && budget.used > 0 && budget.limit - budget.used < message.length) {
      await new Promise<void>(resolve => {
        this.#onRoom = resolve
        budget.wait()
      })
    }
  }

  #deliver (message: T, events: SourceEvents): void {
    const { address, message: bytes } = message
    const id = this.#next++
    this.#unsettled.set(id, message)
    this.#options.budgetOf(address).lease(bytes.length)
    events.onDelivery({ address, connection: this.#connection, id, message: bytes, cost: bytes.length })
  }

  #endWhenSettled (): void {
    if (this.#ended && this.#unsettled.size === 0) this.#onDone()
  }
}
