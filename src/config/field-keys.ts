import type { Mapping } from '../worker/messages/settings.ts'
import { FIELD } from './mapping.ts'
import { firstDuplicate, InvalidValue, parsedBy, splitList } from './text.ts'

/** The fields whose keys can be named, by the key that the template has for them. */
const TIME = 'time'
const KEYS: Readonly<Record<string, string>> = { [TIME]: '@timestamp' }
const FIELDS = [
  TIME, 'message', 'host', 'source', 'severity', 'facility', 'tag', 'file', 'level', 'pid', 'request_id', 'global_request_id', 'instance_id'
]

/** `field=key`, comma-separated, or `template`: each with the template's key as its name. */
export const fieldKeys = parsedBy((text): Mapping[] => {
  if (text === 'template') return []
  const pairs = splitList(text).map((entry) => {
    const [field = '', key = '', ...rest] = entry.split('=').map((side) => side.trim())
    if (rest.length > 0 || !FIELDS.includes(field)) {
      throw new InvalidValue(`must be a list of field=key with the fields ${FIELDS.join(', ')} (${JSON.stringify(entry)})`)
    }
    if (!FIELD.test(key)) throw new InvalidValue(`must name a key of the record after = (${JSON.stringify(entry)})`)
    return { name: KEYS[field] ?? field, field: key }
  })
  for (const side of ['name', 'field'] as const) {
    const twice = firstDuplicate(pairs.map((pair) => pair[side]))
    if (twice !== undefined) throw new InvalidValue(`must have each field and each key once (${JSON.stringify(twice)} is there twice)`)
  }
  return pairs
})

/** A record by the template's keys, with the keys that the setting names. */
export function withKeys (record: Readonly<Record<string, string>>, keys: readonly Mapping[]): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [keys.find((key) => key.name === name)?.field ?? name, value]))
}
