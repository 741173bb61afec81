import { isIP, isIPv6 } from 'node:net'
import { Secret } from '../secret.ts'
import { parsedBy, InvalidValue, splitList } from './text.ts'

export interface HostPort { host: string, port: number }

/** One host of the bus. An IPv6 address in `host` has no brackets. */
export interface BusHost extends HostPort { tls: boolean }

/** User name and password of a URL, percent-decoded. */
export interface UrlCredentials { username: string, password: Secret | undefined }

export interface Endpoints<T> {
  urls: T[]
  /** Undefined where no URL has any. URLs that have some have the same. */
  credentials: UrlCredentials | undefined
}

const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?$/

function parseUrl (text: string, position: string, schemes: readonly string[], example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !schemes.includes(url.protocol)) throw new InvalidValue(`${position}must be a URL such as ${example}`)
  if (!text.includes('://')) throw new InvalidValue(`${position}must have // after the scheme, as in ${example}`)
  const host = unbracket(url.hostname)
  if (!HOST_NAME.test(host) && !isIPv6(host)) throw new InvalidValue(`${position}must name a host, as in ${example}`)
  if (url.port === '0') throw new InvalidValue(`${position}must not use port 0`)
  if (url.search !== '' || url.hash !== '') throw new InvalidValue(`${position}must not have a query (?) or a fragment (#)`)
  // `http://user:1/2@loki` parses as host `user` and port 1. So an @ in the path shows a password that is not encoded.
  if (url.pathname.includes('@')) throw new InvalidValue(`${position}must have /, ? and # in its password percent-encoded`)
  return url
}

function unbracket (host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

function decode (text: string, position: string): string {
  let decoded
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw new InvalidValue(`${position}must have a % in its user name or password written as %25`)
  }
  if (/\p{Cc}/u.test(decoded)) throw new InvalidValue(`${position}must not have control characters in its user name or password`)
  return decoded
}

function credentialsOf (url: URL, position: string): UrlCredentials | undefined {
  if (url.username === '' && url.password === '') return undefined
  const username = decode(url.username, position)
  if (username === '') throw new InvalidValue(`${position}has a password without a user name`)
  return { username, password: url.password === '' ? undefined : new Secret(decode(url.password, position)) }
}

/** All URLs of a list must have the same user: they replace each other, and so one login must fit them all. */
function sameCredentials (found: ReadonlyArray<UrlCredentials | undefined>): UrlCredentials | undefined {
  const present = found.filter((one) => one !== undefined)
  const [first] = present
  const other = present.find((one) => one.username !== first?.username || one.password?.reveal() !== first.password?.reveal())
  if (other !== undefined) throw new InvalidValue('must not have different user names or passwords in its URLs')
  return first
}

function endpoints<T> (parse: (text: string, position: string) => { url: URL, endpoint: T }) {
  return parsedBy((text): Endpoints<T> => {
    const list = splitList(text)
    const parsed = list.map((one, index) => {
      const position = list.length === 1 ? '' : `URL ${index + 1} `
      const { url, endpoint } = parse(one, position)
      return { endpoint, credentials: credentialsOf(url, position) }
    })
    return { urls: parsed.map((one) => one.endpoint), credentials: sameCredentials(parsed.map((one) => one.credentials)) }
  })
}

/** One or more `amqp://` or `amqps://` URLs. Their default ports are 5672 and 5671. */
export const amqpUrls = endpoints((text, position) => {
  const url = parseUrl(text, position, ['amqp:', 'amqps:'], 'amqp://bus.example:5672')
  if (url.pathname !== '' && url.pathname !== '/') {
    throw new InvalidValue(`${position}must not have a path: addresses to read go into LOKEAN_AMQP_ADDRESSES`)
  }
  const tls = url.protocol === 'amqps:'
  const port = url.port === '' ? (tls ? 5671 : 5672) : Number(url.port)
  const endpoint: BusHost = { host: unbracket(url.hostname), port, tls }
  return { url, endpoint }
})

/** One or more base URLs of Loki. A path prefix stays, without its trailing slash. */
export const lokiUrls = endpoints((text, position) => {
  const url = parseUrl(text, position, ['http:', 'https:'], 'http://loki.example:3100')
  const prefix = url.pathname.replace(/\/+$/, '')
  if (prefix.endsWith('/loki/api/v1/push')) throw new InvalidValue(`${position}must be Loki's base URL, without /loki/api/v1/push`)
  return { url, endpoint: url.origin + prefix }
})

/** A proxy for requests to Loki. */
export interface Proxy {
  /** Scheme, host and port. */
  url: string
  credentials: UrlCredentials | undefined
}

/** The URL of a proxy, or undefined for `off`. */
export const proxyUrl = parsedBy((text): Proxy | undefined => {
  if (text === 'off') return undefined
  const url = parseUrl(text, '', ['http:', 'https:'], 'http://proxy.example:3128, or be off')
  if (url.pathname !== '/') throw new InvalidValue('must not have a path')
  return { url: url.origin, credentials: credentialsOf(url, '') }
})

/** A name of a server as TLS has it, which is no address (RFC 6066, 3). */
export const serverName = parsedBy((text): string => {
  if (!HOST_NAME.test(text) || isIP(text) !== 0) throw new InvalidValue('must be a host name, such as bus.example, and no address')
  return text
})

/** Parses `host:port`, with IPv6 in brackets. Undefined where the text is not of this form. */
export function parseHostPort (text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const [, v6, name, digits] = match ?? []
  const host = v6 ?? name
  if (host === undefined || !(v6 === undefined ? HOST_NAME.test(host) : isIPv6(host)) || Number(digits) > 65535) return undefined
  return { host, port: Number(digits) }
}

/** An address to listen on; port 0 takes any free one. */
export const listenAddress = parsedBy((text): HostPort => {
  const address = parseHostPort(text)
  if (address === undefined) throw new InvalidValue('must be host:port, such as 127.0.0.1:9464, 0.0.0.0:9464 or [::1]:9464')
  return address
})

/** `host:port` as in a URL. */
export function formatHostPort (host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
