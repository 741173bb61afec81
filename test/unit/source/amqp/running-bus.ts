import type { TestContext } from 'node:test'
import { fixed, type Provider } from '../../../../src/provider.ts'
import { Budget } from '../../../../src/source/budget/budget.ts'
import { AmqpClient } from '../../../../src/source/amqp/client.ts'
import { Timers } from '../../../../src/source/amqp/timers.ts'
import type { Subscription } from '../../../../src/source/amqp/subscription.ts'
import { DELIVERY_BYTES } from '../../../../src/source/amqp/credit.ts'
import type { Credentials } from '../../../../src/source/amqp/connection.ts'
import { collectedLog, type LogLine } from '../../../helpers/collected-log.ts'

/** No program listens on port 1. A port that was free a moment ago may belong to another test by now. */
export const NOBODY = 1

/** A delivery, copied during the call. */
export interface Taken { address: string, connection: Subscription, id: number, content: Buffer }

export interface RunningBus {
  client: AmqpClient
  budgets: Budget[]
  deliveries: Taken[]
  lines: LogLine[]
  counts: { connected: number, disconnected: number }
  /** Lets the client look after its links, as it does every few seconds. */
  lookAfter (): void
  /** Settles a delivery and releases its bytes, as the pipeline does. */
  done (delivery: Taken): void
}

/** Runs what is to be done periodically when the test says so. */
class HeldTimers extends Timers {
  run: () => void = () => {}

  override every (_name: string, _periodMs: number, run: () => void): void {
    this.run = run
  }
}

interface Options {
  ports: number[]
  addresses?: string[]
  limit?: number
  credentials?: Credentials | Provider<Credentials>
  host?: string
  tls?: boolean
  servername?: string
}

/** Runs a client that reads `addresses` from the first of `ports` that answers. It closes with the test. */
export function runningBus (
  t: TestContext,
  {
    ports, addresses = ['logs'], limit = 16 * 2 ** 20, credentials = {}, host = '127.0.0.1', ...tls
  }: Options
): RunningBus {
  const { log, lines } = collectedLog()
  const deliveries: Taken[] = []
  const counts = { connected: 0, disconnected: 0 }
  const budgets = addresses.map(address => new Budget(address, limit))
  const timers = new HeldTimers()
  const client = new AmqpClient({
    hosts: ports.map(port => ({ host, port, tls: tls.tls ?? false })),
    servername: tls.servername,
    credentials: 'refresh' in credentials ? credentials : fixed(credentials),
    budgets,
    log,
    onDelivery: ({ address, connection, id, message }) => {
      deliveries.push({ address, connection: connection as Subscription, id, content: Buffer.from(message) })
    },
    onConnected: () => { counts.connected++ },
    onDisconnected: () => { counts.disconnected++ },
    // Makes the pauses as short as possible.
    random: () => 0,
    timers
  })
  t.after(async () => { await client.close() })
  client.start()
  const done = ({ address, connection, id, content }: Taken): void => {
    connection.settle([[id, id]])
    budgets.find(budget => budget.address === address)?.release(content.length + DELIVERY_BYTES)
    client.grant(address)
  }
  return { client, budgets, deliveries, lines, counts, done, lookAfter: () => timers.run() }
}
