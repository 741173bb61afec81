import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import { AmqpSource } from './amqp/amqp-source.ts'
import type { Budget } from './budget.ts'
import { DatagramSource } from './datagrams/datagram-source.ts'
import type { Source } from './source.ts'

/**
 * The sources that the settings name, in the order in which `/readyz` tells of them. Nothing is read yet. Rejects with
 * ConfigError, and nothing left open, where one of them cannot be had.
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
