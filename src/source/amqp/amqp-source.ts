import type { Check } from '../../worker/messages/tasks.ts'
import type { Connection, Range, Source, SourceAddress, SourceCounters, SourceEvents } from '../source.ts'
import { AmqpClient, type ClientOptions } from './client.ts'
import { Subscription } from './subscription.ts'

/**
 * After the bus was told to send no more, deliveries that it sent before may still arrive. The source has drained when
 * none came for this long.
 */
const QUIET_MS = 250

interface Options extends Omit<ClientOptions, 'onDelivery' | 'onGone' | 'onConnected' | 'onDisconnected'> {
  addresses: readonly SourceAddress[]
  quietMs?: number
}

/** The AMQP bus as a source. The bus keeps each delivery until it is settled, and delivers it again where it is not. */
export class AmqpSource implements Source {
  static readonly sourceName = 'bus'
  readonly name = AmqpSource.sourceName
  readonly whenGone = 'redelivered'
  readonly addresses: readonly SourceAddress[]
  readonly counters: SourceCounters
  readonly startFacts: Source['startFacts']
  readonly #client: AmqpClient
  readonly #quietMs: number
  #events: SourceEvents | undefined
  #quiet: NodeJS.Timeout | undefined
  #drained: () => void = () => {}

  constructor ({ addresses, quietMs = QUIET_MS, ...options }: Options) {
    this.addresses = addresses
    this.startFacts = {
      bus: options.hosts.map(({ host, port, tls }) => `amqp${tls ? 's' : ''}://${host}:${port}`),
      addresses: addresses.map(({ address }) => address)
    }
    this.#quietMs = quietMs
    const counters = { connects: 0, disconnects: 0 }
    this.counters = counters
    this.#client = new AmqpClient({
      ...options,
      onDelivery: delivery => {
        this.#quiet?.refresh()
        this.#events?.onDelivery(delivery)
      },
      onGone: (address, connection) => this.#events?.onGone(address, connection),
      onConnected: () => { counters.connects++ },
      onDisconnected: () => { counters.disconnects++ }
    })
  }

  start (events: SourceEvents): void {
    this.#events = events
    this.#client.start()
  }

  canSendMore (address: string): boolean {
    return this.#client.credit(address) > 0
  }

  settle (connection: Connection, ranges: Range[]): void {
    this.#client.cork()
    if (connection instanceof Subscription) connection.settle(ranges)
  }

  grant (address: string): void {
    this.#client.cork()
    this.#client.grant(address)
  }

  quiet (address: string, ms: number): void {
    this.#client.quiet(address, ms)
  }

  async stop (): Promise<void> {
    this.#client.stop()
    await new Promise<void>(resolve => {
      this.#drained = resolve
      this.#quiet = setTimeout(resolve, this.#quietMs)
    })
  }

  async close (): Promise<void> {
    clearTimeout(this.#quiet)
    this.#drained()
    await this.#client.close()
  }

  status (): Check {
    return this.#client.status()
  }

  reading (address: string): { up: boolean, credit: number } {
    return { up: this.#client.attached(address), credit: this.#client.credit(address) }
  }
}
