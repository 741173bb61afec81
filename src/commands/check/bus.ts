import type { Config } from '../../config/config.ts'
import { formatHostPort } from '../../config/endpoints.ts'
import { createLogger } from '../../log.ts'
import { AmqpClient } from '../../source/amqp/client.ts'
import { FRAME_BYTES } from '../../source/amqp/credit.ts'
import { Budget } from '../../source/budget/budget.ts'
import { type Finding, unfit } from './finding.ts'
import { spokenAt } from './spoken.ts'

const BUS_TIMEOUT_MS = 5_000
const BUS_HINT = 'is the bus up, and are LOKEAN_AMQP_URL, LOKEAN_AMQP_ADDRESSES and the credentials right?'

/** Attaches to every address, but gives no credit, so that the bus sends nothing. */
export async function tryBus (config: Config, timeoutMs = BUS_TIMEOUT_MS): Promise<Finding> {
  if (config.amqp.addresses.length === 0) return { ok: true, detail: 'off' }
  const addresses = config.amqp.addresses.map(({ address }) => address)
  const { ok, detail, connected } = await attach(config, addresses, timeoutMs)
  if (ok) return { ok, detail: `attached to ${addresses.join(', ')}` }
  return (connected ? undefined : await wrongPort(config)) ?? unfit(detail ?? `no answer within ${timeoutMs / 1000} s`, BUS_HINT)
}

/** `detail` is undefined where the bus has not answered at all. */
interface Attached { ok: boolean, detail: string | undefined, connected: boolean }

async function attach (config: Config, addresses: readonly string[], timeoutMs: number): Promise<Attached> {
  let settled = (): void => {}
  const done = new Promise<void>(resolve => { settled = resolve })
  let connected = false
  const bus = new AmqpClient({
    hosts: config.amqp.urls,
    servername: config.amqp.servername,
    credentials: config.amqp.login,
    budgets: addresses.map(address => new Budget(address, 2 * FRAME_BYTES)),
    log: createLogger({ level: 'silent' }),
    onDelivery: () => {},
    onConnected: () => { connected = true },
    onAttached: () => { if (bus.status().ok) settled() }
  })
  const unasked = bus.status().detail
  bus.stop()
  bus.start()
  const timer = setTimeout(settled, timeoutMs)
  await done
  clearTimeout(timer)
  const { ok, detail } = bus.status()
  await bus.close()
  return { ok, detail: detail === unasked ? undefined : detail, connected }
}

/** Undefined where no host of the bus speaks another protocol than its URL says. */
async function wrongPort (config: Config): Promise<Finding | undefined> {
  for (const { host, port, tls } of config.amqp.urls) {
    const where = formatHostPort(host, port)
    switch (await spokenAt(host, port)) {
      case 'http':
      case 'https':
        return unfit(`${where}: an HTTP server answers at this port, not a bus`, 'LOKEAN_AMQP_URL must be the bus\'s; Loki belongs in LOKEAN_LOKI_URL')
      case 'amqp':
        if (tls) return unfit(`${where}: the bus speaks no TLS at this port`, 'LOKEAN_AMQP_URL must begin with amqp://')
        break
      case 'amqps':
      case 'tls':
        if (!tls) return unfit(`${where}: TLS is spoken at this port`, 'LOKEAN_AMQP_URL must begin with amqps://')
        break
      case undefined:
    }
  }
  return undefined
}
