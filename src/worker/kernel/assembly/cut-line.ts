import { bare, FILE, from, isEmpty, MESSAGE, set, to } from './fields'
import { unescapeNewlines } from './newlines'

export let unescapes: bool = false

/** Whether rsyslog's `#012` and `#011` become a newline and a tab again. */
export function setUnescape (value: bool): void {
  unescapes = value
}

/**
 * Makes the record's message the line that is stored: without syslog's blank in front and without the newline at its
 * end. Returns whether it had escapes that are undone now.
 */
export function cutLine (): bool {
  let start = from(MESSAGE)
  const written = to(MESSAGE)
  let end = unescapes ? unescapeNewlines(start, written) : written
  const isUnescaped = end !== written
  // A blank in front is syslog's own. In front of a file's line it is the line's.
  if (end > start && load<u8>(start) === 0x20 && !bare && isEmpty(FILE)) start++
  if (end > start && load<u8>(end - 1) === 0x0a) end--
  set(MESSAGE, start, end)
  return isUnescaped
}
