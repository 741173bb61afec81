import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import { AmqpSource } from './amqp/amqp-source.ts'
import type { Budget } from './budget/budget.ts'
import { DatagramSource } from './datagrams/datagram-source.ts'
import { ListenerSource } from './listener/listener-source.ts'
import type { Protocol } from './listener/protocol.ts'
import { RelpProtocol } from './relp/relp-protocol.ts'
import type { Source } from './source.ts'
import { SyslogProtocol } from './syslog/syslog-protocol.ts'

/** The names of the sources that the settings name. */
export function sourceNames ({ amqp, listeners, sockets }: Config): string[] {
  return [
    ...(amqp.addresses.length > 0 ? [AmqpSource.sourceName] : []),
    ...listeners.streams.map(({ address }) => address),
    ...sockets.map(({ address, setting }) => DatagramSource.nameOf(address, setting))
  ]
}

/**
 * Opens the sources that the settings name, in the order in which `/readyz` lists them. They read nothing yet. Where
 * one cannot be opened, the promise rejects with ConfigError, and nothing is left open.
 */
export async function openSources (config: Config, budgetOf: (address: string) => Budget, log: Logger): Promise<Source[]> {
  const { amqp, listeners, sockets } = config
  const sources: Source[] = []
  if (amqp.addresses.length > 0) {
    sources.push(new AmqpSource({
      addresses: amqp.addresses.map(origin => ({ ...origin, format: 'amqp' })),
      hosts: amqp.urls,
      servername: amqp.servername,
      credentials: amqp.login,
      budgets: amqp.addresses.map(({ address }) => budgetOf(address)),
      log
    }))
  }
  try {
    for (const { place, ...origin } of listeners.streams) {
      const budget = budgetOf(origin.address)
      sources.push(await ListenerSource.open({ ...listenerOptions(listeners), origin, place, budget, log }, protocolOf(place, {
        address: origin.address, maxFrameBytes: listeners.maxFrameBytes, log
      })))
    }
    for (const { place, setting, ...origin } of sockets) {
      sources.push(await DatagramSource.open({ origin, setting, place, budget: budgetOf(origin.address), log }))
    }
  } catch (error) {
    await Promise.all(sources.map(async source => { await source.close() }))
    throw error
  }
  return sources
}

function listenerOptions ({ identity, peers, proxyProtocol, maxConnections, maxHandshakes, maxFrameBytes }: Config['listeners']) {
  const tls = identity.current.cert === undefined ? undefined : { identity, peers }
  return { tls, proxyProtocol, maxConnections, maxHandshakes, maxFrameBytes }
}

function protocolOf (
  { protocol }: { protocol: 'relp' | 'syslog' }, options: { address: string, maxFrameBytes: number, log: Logger }
): Protocol {
  return protocol === 'relp' ? new RelpProtocol(options) : new SyslogProtocol(options)
}
