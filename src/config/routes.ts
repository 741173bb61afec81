import type { Route } from '../worker/messages/settings.ts'
import { parseLabel } from './given-labels.ts'
import { isTenant, TENANT_ALLOWED } from './mapping.ts'
import { isPathName } from './loki-paths.ts'
import { firstDuplicate, InvalidValue, parsedBy, splitList } from './text.ts'

const MAX_ROUTES = 64
/** Behind an address or a route, this name gives the tenant, and that one the path of Loki. */
export const TENANT = 'tenant'
const PATH = '.loki'

/** Takes `.loki=name` out of what stands behind an address or a route. A dot begins what is no label. */
export function takePath (parts: readonly string[]): { rest: string[], path: string | undefined } {
  const [words, rest] = [parts.filter(part => part.startsWith('.')), parts.filter(part => !part.startsWith('.'))]
  const names = words.map((word) => {
    const [key, name = '', ...more] = word.split('=').map(side => side.trim())
    if (key !== PATH || more.length > 0 || !isPathName(name)) throw new InvalidValue(`must have .loki=name, with a name of LOKEAN_LOKI_PATHS, where a word begins with a dot (${JSON.stringify(word)})`)
    return name
  })
  if (names.length > 1) throw new InvalidValue(`must have .loki= once (${JSON.stringify(words.join(';'))})`)
  return { rest, path: names[0] }
}

/**
 * `condition=value;tenant=name;.loki=name`, comma-separated. A condition is `source`, `facility` or a label; `|` stands
 * between values of which any will do. A route with several conditions needs all of them.
 */
export const routes = parsedBy((text): Route[] => {
  const list = splitList(text).map(parseRoute)
  if (list.length > MAX_ROUTES) throw new InvalidValue(`must be at most ${MAX_ROUTES} routes (there are ${list.length})`)
  return list
})

function parseRoute (text: string): Route {
  const { rest, path } = takePath(text.split(';').map(part => part.trim()))
  const pairs = rest.map(part => parseLabel(part, 'in each part of a route'))
  const twice = firstDuplicate(pairs.map(({ name }) => name))
  if (twice !== undefined) throw new InvalidValue(`must have each name once in a route (${JSON.stringify(twice)} is there twice in ${JSON.stringify(text)})`)
  const tenant = pairs.find(({ name }) => name === TENANT)?.value
  const conditions = pairs.filter(({ name }) => name !== TENANT)
  if (conditions.length === 0) throw new InvalidValue(`must have a condition such as source=audit in each route (${JSON.stringify(text)})`)
  if (tenant === undefined && path === undefined) throw new InvalidValue(`must have ;tenant=name or ;.loki=name in each route (${JSON.stringify(text)})`)
  if (tenant !== undefined && !isTenant(tenant)) throw new InvalidValue(`${TENANT_ALLOWED} behind tenant= (${JSON.stringify(tenant)})`)
  return { when: conditions.map(({ name, value }) => ({ name, values: valuesOf(value, text) })), tenant, path }
}

function valuesOf (value: string, route: string): string[] {
  const values = value.split('|').map(one => one.trim())
  if (values.includes('')) throw new InvalidValue(`must have a value on each side of | (${JSON.stringify(route)})`)
  return values
}
