import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import { AmqpSource } from './amqp/amqp-source.ts'
import type { Budget } from './budget/budget.ts'
import { DatagramSource } from './datagrams/datagram-source.ts'
import type { Source } from './source.ts'

/**
 * Opens the sources that the settings name, in the order in which `/readyz` lists them. They read nothing yet. Where
 * one cannot be opened, the promise rejects with ConfigError, and nothing is left open.
 */
export async function openSources ({ amqp, socket }: Config, budgetOf: (address: string) => Budget, log: Logger): Promise<Source[]> {
  const sources: Source[] = []
  if (amqp.addresses.length > 0) {
    sources.push(new AmqpSource({
      addresses: amqp.addresses.map(origin => ({ ...origin, format: 'amqp' })),
      endpoints: amqp.urls,
      credentials: amqp,
      budgets: amqp.addresses.map(({ address }) => budgetOf(address)),
      log
    }))
  }
  if (socket !== undefined) {
    const { place, ...origin } = socket
    sources.push(await DatagramSource.open({ origin, place, budget: budgetOf(origin.address), log }))
  }
  return sources
}
