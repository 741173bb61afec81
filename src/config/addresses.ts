import type { Origin, TenantRule } from '../worker/messages/settings.ts'
import { parseHostPort } from './endpoints.ts'
import { parseLabel } from './given-labels.ts'
import { isTenant, TENANT_ALLOWED } from './mapping.ts'
import { takePath, TENANT } from './routes.ts'
import { firstDuplicate, parsedBy, InvalidValue, splitList } from './text.ts'

const MAX_ADDRESSES = 256

/**
 * AMQP source addresses, each once, or `off`. `address;name=value;tenant=name;.loki=name` gives labels, a tenant and a
 * path of Loki to all records from the address. Neither an address nor a value can have a comma or a semicolon.
 */
export const addresses = parsedBy((text) => {
  if (text === 'off') return []
  const list = splitList(text).map(parseOne)
  const twice = firstDuplicate(list.map(({ address }) => address))
  if (twice !== undefined) throw new InvalidValue(`must name each address once (${JSON.stringify(twice)} is there twice)`)
  if (list.length > MAX_ADDRESSES) throw new InvalidValue(`must be at most ${MAX_ADDRESSES} addresses`)
  return list
})

/** The size of `sun_path` without its last byte, which is 0. */
const MAX_PATH_BYTES = 107

/** `udp://host:port` or `unixgram:/path`. Labels and a tenant may follow, as for an address. */
export const socketAddress = parsedBy((text) => {
  const origin = parseOne(text)
  const place = datagramPlace(origin.address)
  if (place === undefined) throw new InvalidValue('must be udp://host:port, such as udp://127.0.0.1:30000 or udp://[::1]:30000, or unixgram:/path, such as unixgram:/run/lokean/logs.sock')
  return { ...origin, place }
})

/** Where senders connect to. `protocol` is what they speak. */
export interface StreamPlace { kind: 'stream', protocol: 'relp' | 'syslog', tls: boolean, host: string, port: number }

const STREAMS: Readonly<Record<string, Pick<StreamPlace, 'protocol' | 'tls'>>> = {
  relp: { protocol: 'relp', tls: false },
  relps: { protocol: 'relp', tls: true },
  'syslog+tcp': { protocol: 'syslog', tls: false },
  'syslog+tls': { protocol: 'syslog', tls: true }
}

/**
 * What to listen on, comma-separated, each once: `scheme://host:port` with a scheme of STREAMS, or a socket of
 * datagrams. Labels and a tenant may follow, as for an address.
 */
export const listenAddresses = parsedBy((text) => {
  const list = splitList(text).map((one) => {
    const origin = parseOne(one)
    const place = streamPlace(origin.address) ?? datagramPlace(origin.address)
    if (place === undefined) throw new InvalidValue(`must have relp://, relps://, syslog+tcp://, syslog+tls:// or udp:// with host:port, such as relp://0.0.0.0:2514, or unixgram:/path (${JSON.stringify(origin.address)})`)
    return { ...origin, place }
  })
  const twice = firstDuplicate(list.map(({ address }) => address))
  if (twice !== undefined) throw new InvalidValue(`must name each address once (${JSON.stringify(twice)} is there twice)`)
  if (list.length > MAX_ADDRESSES) throw new InvalidValue(`must be at most ${MAX_ADDRESSES} addresses`)
  return list
})

function streamPlace (address: string): StreamPlace | undefined {
  const [scheme = '', rest = ''] = address.split('://', 2)
  const stream = Object.hasOwn(STREAMS, scheme) ? STREAMS[scheme] : undefined
  const listen = parseHostPort(rest)
  return stream && listen && { kind: 'stream', ...stream, ...listen }
}

function datagramPlace (address: string): { kind: 'udp', host: string, port: number } | { kind: 'unix', path: string } | undefined {
  if (address.startsWith('udp://')) {
    const listen = parseHostPort(address.slice(6))
    return listen && { kind: 'udp', ...listen }
  }
  const path = address.startsWith('unixgram:') ? address.slice(9) : ''
  if (!/^\/(?!\/).*[^/]$/.test(path)) return undefined
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new InvalidValue(`must have a path of at most ${MAX_PATH_BYTES} bytes (it has ${Buffer.byteLength(path)})`)
  return { kind: 'unix', path }
}

/** The tenant that the settings give to an address: its `tenant`, or its label with the name of the tenant's field. */
export function tenantOf ({ labels, tenant }: Origin, rule: TenantRule): string | undefined {
  return tenant ?? (rule.kind === 'field' ? labels.find(({ name }) => name === rule.field)?.value : undefined)
}

function parseOne (text: string): Origin {
  const [address = '', ...rest] = text.split(';').map(part => part.trim())
  if (address === '') throw new InvalidValue(`must have an address in front of ; (${JSON.stringify(text)})`)
  if (/[\s\p{Cc}]/u.test(address)) throw new InvalidValue(`must be addresses without spaces (${JSON.stringify(address)})`)
  const { rest: named, path } = takePath(rest)
  const pairs = named.map((part) => parseLabel(part, 'behind each ; of an address'))
  const twice = firstDuplicate(pairs.map(({ name }) => name))
  if (twice !== undefined) throw new InvalidValue(`must have each name once for an address (${JSON.stringify(twice)} is there twice for ${JSON.stringify(address)})`)
  const tenant = pairs.find(({ name }) => name === TENANT)?.value
  if (tenant !== undefined && !isTenant(tenant)) throw new InvalidValue(`${TENANT_ALLOWED} behind tenant= (${JSON.stringify(tenant)})`)
  return { address, labels: pairs.filter(({ name }) => name !== TENANT), tenant, ...(path === undefined ? {} : { path }) }
}
