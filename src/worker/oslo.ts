/**
 * What an oslo.log line says of itself (oslo_log's default logging_context_format_string):
 *
 *     2026-11-22 08:00:01.234 7 INFO nova.compute.manager [req-5d3f... user project - - -] [instance: 6c1d...] text
 *
 * Newer releases write `[None req-5d3f... user project ...]`, or both ids, the global one first. Traceback lines have no
 * ids, but may name the instance. The parts found are offsets into the line's bytes; a part that is not there has `start === end`.
 */
export class OsloLine {
  /** Index into LEVELS, or -1. */
  level = -1
  pidStart = 0
  pidEnd = 0
  requestStart = 0
  requestEnd = 0
  globalStart = 0
  globalEnd = 0
  instanceStart = 0
  instanceEnd = 0

  /** Reads `bytes[start, end)`; false where the line is not oslo.log's, with nothing found. */
  parse (bytes: Uint8Array, start: number, end: number): boolean {
    this.level = -1
    this.pidStart = this.pidEnd = this.requestStart = this.requestEnd = 0
    this.globalStart = this.globalEnd = this.instanceStart = this.instanceEnd = 0
    if (end - start > 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) start += 3
    if (!isDate(bytes, start, end)) return false
    const pid = start + 24
    let at = pid
    while (at < end && bytes[at] >= 0x30 && bytes[at] <= 0x39) at++
    if (at === pid || at - pid > 10 || bytes[at] !== SPACE) return false
    const levelStart = at + 1
    const levelEnd = wordEnd(bytes, levelStart, end)
    this.level = osloLevel(bytes, levelStart, levelEnd)
    if (this.level < 0) return false
    this.pidStart = pid
    this.pidEnd = at
    at = wordEnd(bytes, levelEnd + 1, end) + 1
    if (at < end && bytes[at] === OPEN && !this.#instance(bytes, at, end)) this.#instance(bytes, this.#context(bytes, at + 1, end), end)
    return true
  }

  /** Reads `req-... user project ...]`, `at` behind the bracket; returns where the text goes on. */
  #context (bytes: Uint8Array, at: number, end: number): number {
    for (let word = 0; at < end && word < 2; word++) {
      const to = wordEnd(bytes, at, end)
      if (isRequestId(bytes, at, to)) {
        if (this.requestStart !== this.requestEnd) {
          this.globalStart = this.requestStart
          this.globalEnd = this.requestEnd
        }
        this.requestStart = at
        this.requestEnd = to
      }
      at = to
      if (bytes[at] !== SPACE) break
      at++
    }
    while (at < end && bytes[at] !== CLOSE) at++
    return at + 2
  }

  #instance (bytes: Uint8Array, at: number, end: number): boolean {
    if (at + INSTANCE.length >= end) return false
    for (let i = 0; i < INSTANCE.length; i++) if (bytes[at + i] !== INSTANCE[i]) return false
    const from = at + INSTANCE.length
    const to = wordEnd(bytes, from, end)
    if (to === from || to === end || bytes[to] !== CLOSE || to - from > 64) return false
    this.instanceStart = from
    this.instanceEnd = to
    return true
  }
}

/** Grafana's names for levels, as `detected_level` has them. */
export const LEVELS = ['critical', 'error', 'warning', 'info', 'debug'] as const

/** RFC 5424's severities 0 to 7, by index into LEVELS. */
const SEVERITY_LEVELS = [0, 0, 0, 1, 2, 3, 3, 4]

/** The level for rsyslog's `severity`, a digit; -1 for anything else. */
export function severityLevel (bytes: Uint8Array, start: number, end: number): number {
  const digit = bytes[start] - 0x30
  return end - start === 1 && digit >= 0 && digit <= 7 ? SEVERITY_LEVELS[digit] : -1
}

/** Where a tag has the form `name[123]` (with or without a colon), the offsets of the number are put into `range`. */
export function tagPid (bytes: Uint8Array, start: number, end: number, range: Int32Array): boolean {
  if (end > start && bytes[end - 1] === 0x3a) end--
  if (end - start < 4 || bytes[end - 1] !== CLOSE) return false
  let at = end - 1
  while (at > start && bytes[at - 1] >= 0x30 && bytes[at - 1] <= 0x39) at--
  if (at === end - 1 || end - at > 11 || at - 1 <= start || bytes[at - 1] !== OPEN) return false
  range[0] = at
  range[1] = end - 1
  return true
}

const SPACE = 0x20
const OPEN = 0x5b
const CLOSE = 0x5d
const INSTANCE = Buffer.from('[instance: ')

/** `YYYY-MM-DD HH:MM:SS.mmm `, digits and separators in their places. */
function isDate (bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 30) return false
  for (let i = 0; i < DATE.length; i++) {
    const byte = bytes[start + i]
    if (DATE[i] === 0x30 ? byte < 0x30 || byte > 0x39 : byte !== DATE[i]) return false
  }
  return true
}
const DATE = Buffer.from('0000-00-00 00:00:00.000 ')

function wordEnd (bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== SPACE && bytes[at] !== CLOSE) at++
  return at
}

/** Python's level names, with oslo.log's own AUDIT and TRACE. */
function osloLevel (bytes: Uint8Array, start: number, end: number): number {
  switch (end - start) {
    case 4: return is(bytes, start, 'INFO') ? 3 : -1
    case 5: return is(bytes, start, 'DEBUG') || is(bytes, start, 'TRACE') ? 4 : is(bytes, start, 'ERROR') ? 1 : is(bytes, start, 'AUDIT') ? 3 : -1
    case 7: return is(bytes, start, 'WARNING') ? 2 : -1
    case 8: return is(bytes, start, 'CRITICAL') ? 0 : -1
    default: return -1
  }
}

function is (bytes: Uint8Array, start: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word.charCodeAt(i)) return false
  return true
}

function isRequestId (bytes: Uint8Array, start: number, end: number): boolean {
  return end - start > 4 && end - start <= 64 && is(bytes, start, 'req-')
}
