import type { TestContext } from 'node:test'
import type { Settleable } from '../../../../src/ack/settler.ts'
import { Budget } from '../../../../src/source/budget.ts'
import { Bus } from '../../../../src/source/amqp/client.ts'
import { DELIVERY_BYTES } from '../../../../src/source/amqp/credit.ts'
import type { Credentials } from '../../../../src/source/amqp/connection.ts'
import { collectedLog, type LogLine } from '../../../helpers/collected-log.ts'

/** A delivery as it came, copied before the call returned. */
export interface Taken { address: string, link: Settleable, id: number, content: Buffer }

export interface RunningBus {
  bus: Bus
  budgets: Budget[]
  deliveries: Taken[]
  lines: LogLine[]
  counts: { connected: number, disconnected: number }
  /** Settles a delivery and gives its room back, as the pipeline does. */
  done (delivery: Taken): void
}

/** The source, reading `addresses` from the first of `ports` that answers. Closed with the test. */
export function runningBus (
  t: TestContext,
  { ports, addresses = ['logs'], limit = 16 * 2 ** 20, credentials = {}, host = '127.0.0.1' }: { ports: number[], addresses?: string[], limit?: number, credentials?: Credentials, host?: string }
): RunningBus {
  const { log, lines } = collectedLog()
  const deliveries: Taken[] = []
  const counts = { connected: 0, disconnected: 0 }
  const budgets = addresses.map(address => new Budget(address, limit))
  const bus = new Bus({
    endpoints: ports.map(port => ({ host, port, tls: false })),
    credentials,
    budgets,
    log,
    onDelivery: ({ address, link, id, message }) => {
      deliveries.push({ address, link, id, content: Buffer.from(message) })
    },
    onConnected: () => { counts.connected++ },
    onDisconnected: () => { counts.disconnected++ },
    // The shortest pauses there are.
    random: () => 0
  })
  t.after(async () => { await bus.close() })
  bus.start()
  const done = ({ address, link, id, content }: Taken): void => {
    link.settle([[id, id]])
    budgets.find(budget => budget.address === address)?.release(content.length + DELIVERY_BYTES)
    bus.grant(address)
  }
  return { bus, budgets, deliveries, lines, counts, done }
}
