import { from, isEmpty, LEVEL, PID, set, SEVERITY, TAG, to } from './fields'
import { readHost } from './host'
import { levelEnd, levelStart, NO_LEVEL, severityLevel } from './levels'
import { readOslo } from './oslo'

let wanted: bool = true

/** Whether a label or metadata is made of `level`, `pid` or one of the ids. */
export function setWanted (value: bool): void {
  wanted = value
}

/**
 * Derives fields that the record has no key for. `[start, end)` is the line. Where oslo.log wrote the line, `level`,
 * `pid` and the ids come from the line. Else the level comes from the syslog severity, and the pid from the tag. A key
 * of such a name in the record counts where the line has no such value.
 */
export function derive (start: usize, end: usize): void {
  readHost()
  if (!wanted) return
  const level = readOslo(start, end)
  if (level !== NO_LEVEL) return set(LEVEL, levelStart(level), levelEnd(level))
  if (isEmpty(LEVEL)) {
    const severity = severityLevel(from(SEVERITY), to(SEVERITY))
    if (severity !== NO_LEVEL) set(LEVEL, levelStart(severity), levelEnd(severity))
  }
  if (isEmpty(PID)) tagPid(from(TAG), to(TAG))
}

/** In a tag of the form `name[123]` (with or without a colon), the number is the pid. */
function tagPid (start: usize, end: usize): void {
  if (end > start && load<u8>(end - 1) === 0x3a) end--
  if (end - start < 4 || end < start || load<u8>(end - 1) !== 0x5d) return
  let at = end - 1
  while (at > start && <u32>load<u8>(at - 1) - 0x30 <= 9) at--
  if (at === end - 1 || end - at > 11 || at - 1 <= start || load<u8>(at - 1) !== 0x5b) return
  set(PID, at, end - 1)
}
