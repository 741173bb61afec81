import type { Budget } from '../../src/source/budget/budget.ts'
import type { Connection, Range, Source, SourceEvents } from '../../src/source/source.ts'

/** The smallest possible source. It delivers what a test hands it and keeps what is settled. */
export class ListSource implements Source {
  readonly name = 'list'
  readonly addresses = [{ address: 'list', labels: [], tenant: undefined, format: 'records' as const }]
  readonly counters = {}
  readonly startFacts = { list: 'here' }
  readonly whenGone: Source['whenGone']
  readonly connection = { gone: false }
  readonly settled: Range[] = []
  readonly calls: string[] = []
  readonly #budget: Budget
  #events: SourceEvents | undefined
  #next = 0

  constructor (budget: Budget, whenGone: Source['whenGone'] = 'redelivered') {
    this.#budget = budget
    this.whenGone = whenGone
  }

  start (events: SourceEvents): void { this.#events = events }

  deliver (message: Uint8Array, connection: Connection = this.connection, redelivered?: boolean): void {
    this.#budget.lease(message.length)
    const fingerprint = message.reduce((hash, byte) => (31 * hash + byte) >>> 0, 0)
    this.#events?.onDelivery({ address: 'list', connection, id: this.#next++, message, cost: message.length, fingerprint, redelivered })
  }

  lose (connection: { gone: boolean }): void {
    connection.gone = true
    this.#events?.onGone('list', connection)
  }

  fail (error: Error): void { this.#events?.onFatal(error) }
  canSendMore (): boolean { return true }
  settle (_connection: Connection, ranges: Range[]): void { this.settled.push(...ranges) }
  grant (address: string): void { this.calls.push(`grant ${address}`) }
  async stop (): Promise<void> { this.calls.push('stop') }
  async close (): Promise<void> { this.calls.push('close') }
  status (): { ok: boolean, detail: string } { return { ok: true, detail: 'here' } }
  reading (): { up: boolean, credit: number } { return { up: true, credit: 7 } }
}
