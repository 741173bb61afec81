import { Secret } from '../secret.ts'
import { firstDuplicate, InvalidValue, parsedBy } from './text.ts'

/** A header of the operator's own. Its name is in small letters. */
export interface Header { name: string, value: Secret }

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/** Headers that Lokean sets itself, or that belong to the connection, each with what an operator means by it. */
const REFUSED: Readonly<Record<string, string>> = {
  'x-scope-orgid': 'LOKEAN_LOKI_TENANT, or ;tenant= behind an address, gives the tenant',
  host: 'LOKEAN_LOKI_URL gives the host',
  'proxy-authorization': 'LOKEAN_LOKI_PROXY gives the login at the proxy',
  ...Object.fromEntries([
    'accept-encoding', 'cache-control', 'connection', 'content-encoding', 'content-length', 'content-type', 'expect', 'keep-alive',
    'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent', 'x-loki-response-encoding-flags'
  ].map(name => [name, 'Lokean sets it itself']))
}

/**
 * `name=value`, comma-separated; or one a line, whose value may have commas then. An error tells an entry by its
 * number: its text may be a secret.
 */
export const headers = parsedBy((text): Header[] => {
  const list = text.trim().split(/[\r\n]/.test(text.trim()) ? /[\r\n]+/ : ',').map(parseHeader)
  if (firstDuplicate(list.map(({ name }) => name)) !== undefined) throw new InvalidValue('must have each header once')
  return list
})

function parseHeader (entry: string, index: number): Header {
  const equals = entry.indexOf('=')
  const [name, value] = [entry.slice(0, Math.max(0, equals)).trim().toLowerCase(), entry.slice(equals + 1).trim()]
  const position = `must have name=value between commas, or on each line (number ${index + 1}`
  if (!TOKEN.test(name)) throw new InvalidValue(`${position} has no name of a header)`)
  if (Object.hasOwn(REFUSED, name)) throw new InvalidValue(`must not have the header ${name}: ${REFUSED[name]}`)
  if (!/^[\x20-\x7e]+$/.test(value)) throw new InvalidValue(`${position} has no value of printable ASCII)`)
  return { name, value: new Secret(value) }
}
