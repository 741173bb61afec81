import { from, HOST, MSGID, PID, PROCID, set, SOURCE, STRUCTURED_DATA, to } from './fields'
import { BACKSLASH, QUOTE } from './specials'
import { areDigits, BLANK, byteAt, CLOSE, DASH, isBreak, OPEN, wordEnd } from './header-bytes'
import { isoDate } from './header-date'

const EQUALS: u8 = 0x3d

/**
 * Reads a header of RFC 5424 from its version on: `1 TIME HOST APP PROCID MSGID [structured data] text`. Returns where
 * the text begins; 0 where there is no such header. A time that cannot be read stays in the text, and all behind it;
 * so does what is no structured data.
 */
export function readRfc5424 (at: usize, end: usize, prioritised: bool): usize {
  if (byteAt(at, end) !== 0x31 || byteAt(at + 1, end) !== BLANK) return 0
  const time = at + 2
  const date = isoDate(time, end, !prioritised)
  if (date !== 0) return readNames(isBreak(date, end) ? date : wordEnd(date, end), end)
  if (!prioritised) return 0
  if (isNil(time, wordEnd(time, end))) return readNames(time + 1, end)
  if (!isYear(time, end)) return 0
  readNames(wordEnd(time, end), end)
  return time
}

/** Reads what stands behind the time, each behind a blank. Returns where the text begins. */
function readNames (at: usize, end: usize): usize {
  at = readName(HOST, at, end)
  at = readName(SOURCE, at, end)
  at = readName(PROCID, at, end)
  set(PID, from(PROCID), to(PROCID))
  at = readName(MSGID, at, end)
  return at < end ? readData(at + 1, end) : end
}

function readName (slot: u32, at: usize, end: usize): usize {
  if (at >= end) return end
  const start = at + 1
  const behind = wordEnd(start, end)
  if (behind > start && !isNil(start, behind)) set(slot, start, behind)
  return behind
}

/** Behind the structured data and a blank; `at` where it cannot be read. */
function readData (at: usize, end: usize): usize {
  let behind = at
  if (byteAt(at, end) === DASH) behind++
  else {
    while (byteAt(behind, end) === OPEN) {
      const next = elementEnd(behind, end)
      if (next === 0) return at
      behind = next
    }
  }
  if (behind === at || !isBreak(behind, end)) return at
  if (load<u8>(at) === OPEN) set(STRUCTURED_DATA, at, behind)
  return min(behind + 1, end)
}

/** Behind `[id name="value" ...]`; 0 where it is broken. A value may lack its quotes, as VMware writes it. */
function elementEnd (at: usize, end: usize): usize {
  const id = at + 1
  at = nameEnd(id, end, EQUALS)
  if (at === id) return 0
  while (byteAt(at, end) === BLANK) {
    const name = at + 1
    at = nameEnd(name, end, EQUALS)
    if (at === name) continue
    if (byteAt(at, end) !== EQUALS) return 0
    at = byteAt(at + 1, end) === QUOTE ? quotedEnd(at + 2, end) : nameEnd(at + 1, end, QUOTE)
    if (at === 0) return 0
  }
  return byteAt(at, end) === CLOSE ? at + 1 : 0
}

/** Up to a blank, a quote, `]`, or one byte more. */
function nameEnd (at: usize, end: usize, other: u8): usize {
  for (; at < end; at++) {
    const byte = load<u8>(at)
    if (byte === BLANK || byte === QUOTE || byte === CLOSE || byte === other) break
  }
  return at
}

/** Behind the closing quote; 0 where there is none. */
function quotedEnd (at: usize, end: usize): usize {
  for (; at < end; at++) {
    const byte = load<u8>(at)
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at++
  }
  return 0
}

function isNil (start: usize, end: usize): bool {
  return end === start + 1 && load<u8>(start) === DASH
}

/** Whether a date begins here, be it right or wrong. */
function isYear (at: usize, end: usize): bool {
  return areDigits(at, end, 4) && byteAt(at + 4, end) === DASH
}
