import { firstDuplicate, InvalidValue, parsedBy, splitList } from './text.ts'

/** A path on Loki's hosts, by the name that addresses and routes call it. It has no slash at its end. */
export interface LokiPath { name: string, path: string }

const NAME = /^[A-Za-z0-9_-]{1,64}$/
const PATH = /^(?:\/[A-Za-z0-9._~!$&'()*+:%-]+)*$/

/** `name=/path`, comma-separated. */
export const lokiPaths = parsedBy((text): LokiPath[] => {
  const list = splitList(text).map((entry) => {
    const equals = entry.indexOf('=')
    const [name, written] = [entry.slice(0, Math.max(0, equals)).trim(), entry.slice(equals + 1).trim()]
    if (equals < 0 || !isPathName(name)) throw new InvalidValue(`must have name=/path between commas, with a name of letters, digits, _ and - (${JSON.stringify(entry)})`)
    const path = written.replace(/(?:\/loki\/api\/v1\/push)?\/*$/, '')
    if (!written.startsWith('/') || !PATH.test(path) || /\/\.\.?(?:\/|$)/.test(path)) throw new InvalidValue(`must have a path behind =, such as ${name}=/api/logs/v1/${name} (${JSON.stringify(entry)})`)
    return { name, path }
  })
  const twice = firstDuplicate(list.map(({ name }) => name))
  if (twice !== undefined) throw new InvalidValue(`must have each name once (${JSON.stringify(twice)} is there twice)`)
  return list
})

export function isPathName (text: string): boolean {
  return NAME.test(text)
}
