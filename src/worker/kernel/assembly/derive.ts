import { has, NO_FORMAT, OPENS } from './automata'
import { FILE, from, isEmpty, LEVEL, PID, set, SEVERITY, TAG, to } from './fields'
import { readHost } from './host'
import { ERROR, levelEnd, levelStart, NO_LEVEL, severityLevel } from './levels'
import { readLine, recognised } from './line'
import { hasTraceback, isOpen, levelBefore, note, previous } from './previous'

let wanted: bool = true

/** Whether a label or metadata is made of `level`, `pid` or one of the ids. */
export function setWanted (value: bool): void {
  wanted = value
}

/** Where the level of the last record comes from. */
export const FROM_NOTHING: i32 = 0
export const FROM_LINE: i32 = 1
export const FROM_KEY: i32 = 2
export const FROM_SEVERITY: i32 = 3
export const FROM_BEFORE: i32 = 4
export let levelFrom: i32 = FROM_NOTHING

/**
 * Derives fields that the record has no key for. `[start, end)` is the line. Level, pid and ids are those that the
 * line's format has. Else a key of such a name in the record counts; else, for the pid, the tag. The level of a record
 * that is not from a file is the syslog severity then; a file's record continues the one before it in the message, if
 * one is, and has its level.
 */
export function derive (start: usize, end: usize): void {
  readHost()
  if (!wanted) return
  const pidStart = from(PID)
  const pidEnd = to(PID)
  set(PID, 0, 0)
  const level = levelOf(start, end)
  if (level !== NO_LEVEL) set(LEVEL, levelStart(level), levelEnd(level))
  if (!isEmpty(PID)) return
  if (pidEnd > pidStart) set(PID, pidStart, pidEnd)
  else tagPid(from(TAG), to(TAG))
}

/** NO_LEVEL where there is none, or where the record's own key has it. */
function levelOf (start: usize, end: usize): u32 {
  const level = readLine(start, end)
  const isFile = !isEmpty(FILE)
  const opens = recognised !== NO_FORMAT && has(recognised, OPENS)
  levelFrom = level === NO_LEVEL ? FROM_NOTHING : FROM_LINE
  if (!isFile && !opens && !hasTraceback) return level !== NO_LEVEL ? level : ofRecord()
  if (recognised !== NO_FORMAT || level !== NO_LEVEL) {
    note(level, opens && isOpenAtEnd(start, end))
    return level !== NO_LEVEL || isFile ? (level === NO_LEVEL ? ofKey() : level) : ofRecord()
  }
  const before = previous()
  if (isOpen(before)) {
    const indented = isIndented(start, end)
    note(ERROR, indented && isOpenAtEnd(start, end))
    if (indented || isException(start, end)) {
      levelFrom = FROM_BEFORE
      return ERROR
    }
  }
  if (!isFile) return ofRecord()
  if (!isEmpty(LEVEL)) return ofKey()
  const continued = levelBefore(before)
  if (continued !== NO_LEVEL) levelFrom = FROM_BEFORE
  return continued
}

function isIndented (start: usize, end: usize): bool {
  return start < end && (load<u8>(start) === 0x20 || load<u8>(start) === 0x09)
}

/** Whether more of a traceback may follow the record: not where its last line, of several, is what ends one. */
function isOpenAtEnd (start: usize, end: usize): bool {
  let at = end
  while (at > start && load<u8>(at - 1) !== 0x0a) at--
  return at === start || isIndented(at, end)
}

/** What ends a traceback: `module.Error`, alone or with a colon and a text behind it. */
function isException (start: usize, end: usize): bool {
  let at = start
  while (at < end && isName(load<u8>(at))) at++
  return at > start && (at === end || load<u8>(at) === 0x3a)
}

function isName (byte: u8): bool {
  return <u32>((byte | 0x20) - 0x61) < 26 || <u32>byte - 0x30 <= 9 || byte === 0x2e || byte === 0x5f
}

function ofKey (): u32 {
  if (!isEmpty(LEVEL)) levelFrom = FROM_KEY
  return NO_LEVEL
}

function ofRecord (): u32 {
  if (!isEmpty(LEVEL)) return ofKey()
  const severity = severityLevel(from(SEVERITY), to(SEVERITY))
  if (severity !== NO_LEVEL) levelFrom = FROM_SEVERITY
  return severity
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
