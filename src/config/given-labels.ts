import type { GivenLabel } from '../worker/messages/settings.ts'
import { checkName } from './mapping.ts'
import { firstDuplicate, InvalidValue, parsedBy, splitList } from './text.ts'

/** Loki's default `max_label_value_length`. */
const MAX_VALUE_BYTES = 2048

/** `name=value` of an entry in a list of settings. `entry` says what each of them is, for the error. */
export function parseLabel (text: string, entry: string): GivenLabel {
  const equals = text.indexOf('=')
  if (equals < 0) throw new InvalidValue(`must have name=value ${entry} (${JSON.stringify(text)})`)
  const [name, value] = [text.slice(0, equals).trim(), text.slice(equals + 1).trim()]
  checkName(name, 'label')
  if (value === '') throw new InvalidValue(`must have a value behind = (${JSON.stringify(text)})`)
  if (/\p{Cc}/u.test(value)) throw new InvalidValue(`must have label values without control characters (${JSON.stringify(text)})`)
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) throw new InvalidValue(`must have label values of at most ${MAX_VALUE_BYTES} bytes (${JSON.stringify(name)} has ${Buffer.byteLength(value)})`)
  return { name, value }
}

/** Labels of every stream: `name=value`, comma-separated. No value can have a comma. */
export const givenLabels = parsedBy((text) => {
  const list = splitList(text).map((entry) => parseLabel(entry, 'between commas'))
  const twice = firstDuplicate(list.map(({ name }) => name))
  if (twice !== undefined) throw new InvalidValue(`must have each name once (${JSON.stringify(twice)} is there twice)`)
  return list
})
