import type { Kernel } from '../kernel/kernel.ts'
import { type Fields, MESSAGE } from './fields.ts'

/**
 * Makes the record's message the line that is stored: without syslog's blank in front and without the newline at its
 * end; with `unescape`, rsyslog's `#012` and `#011` are a newline and a tab again. Returns whether there were any.
 */
export function cutLine (fields: Fields, { bytes, run }: Kernel, unescape: boolean): boolean {
  let start = fields.start(MESSAGE)
  const written = fields.end(MESSAGE)
  let end = unescape ? run.unescapeNewlines(start, written) : written
  const isUnescaped = end !== written
  // A blank in front is syslog's own. In front of a file's line it is the line's.
  if (end > start && bytes[start] === 0x20 && fields.isEmpty(fields.file)) start++
  if (end > start && bytes[end - 1] === 0x0a) end--
  fields.set(MESSAGE, start, end)
  return isUnescaped
}
