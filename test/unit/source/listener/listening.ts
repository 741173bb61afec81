import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { ListenerSource } from '../../../../src/source/listener/listener-source.ts'
import type { Protocol } from '../../../../src/source/listener/protocol.ts'
import type { Delivery } from '../../../../src/source/source.ts'
import { Cleanup } from '../../../helpers/cleanup.ts'
import { collectedLog, type LogLine } from '../../../helpers/collected-log.ts'

type Options = Partial<Parameters<typeof ListenerSource.open>[0]> & { bytes?: number }

/** A listener on a free port, started, and what it delivers. The deliveries are settled by hand. */
export class Listening {
  readonly received: string[] = []
  readonly #unsettled: Delivery[] = []
  readonly source: ListenerSource
  readonly budget: Budget
  readonly lines: LogLine[]
  readonly #cleanup: Cleanup

  private constructor (source: ListenerSource, budget: Budget, lines: LogLine[], cleanup: Cleanup) {
    this.source = source
    this.budget = budget
    this.lines = lines
    this.#cleanup = cleanup
    budget.onRoom = () => source.grant()
  }

  static async start (t: TestContext, protocol: Protocol, { bytes = 2 ** 20, ...options }: Options = {}): Promise<Listening> {
    const cleanup = Cleanup.of(t)
    const { log, lines } = collectedLog()
    const budget = new Budget('relp://h:1', bytes)
    const source = await ListenerSource.open({
      origin: { address: budget.address, labels: [], tenant: undefined },
      place: { host: '127.0.0.1', port: 0, tls: options.tls !== undefined },
      budget,
      tls: undefined,
      proxyProtocol: false,
      maxConnections: 100,
      maxHandshakes: 64,
      maxFrameBytes: 64 * 1024,
      log,
      ...options
    }, protocol)
    cleanup.add(async () => { await source.close() })
    const listening = new Listening(source, budget, lines, cleanup)
    source.start({
      onDelivery: delivery => {
        listening.received.push(Buffer.from(delivery.message).toString('latin1'))
        listening.#unsettled.push(delivery)
      },
      onGone: () => {},
      onFatal: error => { throw error }
    })
    return listening
  }

  get port (): number {
    return this.source.bound?.port ?? 0
  }

  get unsettled (): number {
    return this.#unsettled.length
  }

  /** Settles the oldest deliveries. */
  settle (count = this.#unsettled.length): void {
    for (const { connection, id, cost } of this.#unsettled.splice(0, count)) {
      this.source.settle(connection, [[id, id]])
      this.budget.release(cost)
    }
    this.source.grant()
  }

  /** A sender's connection, and all that it was answered. */
  async connect (): Promise<Client> {
    const client = new Client(connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true }))
    this.#cleanup.add(() => client.socket.destroy())
    await new Promise<void>((resolve, reject) => { client.socket.once('connect', resolve).once('error', reject) })
    return client
  }
}

export class Client {
  readonly socket: Socket
  answers = ''
  ended = false
  closed = false

  constructor (socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => { this.answers += chunk.toString('latin1') })
    socket.on('end', () => { this.ended = true }).on('close', () => { this.closed = true }).on('error', () => {})
  }
}
