import { HOST, set } from './fields'
import { BLANK, byteAt, COLON, DASH, digitsEnd, HOST_NAME, isBreak, isDigit, kindOf, skipBlanks, wordEnd } from './header-bytes'
import { bsdDate, isoDate } from './header-date'
import { priorityEnd } from './priority'
import { NO_TAG, PLAIN, readTag, STRONG, tagEnd, tagKind } from './tag'

const MOST_HOST_BYTES: usize = 255
const MOST_DIGITS: usize = 10

/**
 * Reads a header of RFC 3164 behind its priority: `TIME HOST TAG: text`, with all that senders make of it. Returns
 * where the text begins, its blank included; 0 where no date stands in front, as then nothing tells header and text
 * apart.
 */
export function readRfc3164 (at: usize, end: usize, prioritised: bool): usize {
  at = behindCounters(skipBlanks(at, end), end)
  const bsd = bsdDate(at, end)
  const date = bsd !== 0 ? bsd : isoDate(at, end, !prioritised)
  if (date === 0) return 0
  const first = skipBlanks(date, end)
  if (isTagless(first, end)) return first
  const firstEnd = wordEnd(first, end)
  const ipv6 = isIpv6(first, firstEnd)
  if (!ipv6) {
    const behind = tagEnd(first, end)
    if (tagKind === STRONG) return readTag(first, behind)
  }
  const second = skipBlanks(firstEnd, end)
  if (second === end || (!ipv6 && !isHost(first, firstEnd))) return first
  // rsyslog's formats have a host always: the one for files has no priority, the one with RFC 3339's time has one.
  const sure = prioritised === (bsd === 0) || isDistinct(first, firstEnd)
  return behindHost(first, firstEnd, second, end, sure)
}

/** `second` is the word behind what may be a host. The first word of a text is none, unless it is `sure`. */
function behindHost (first: usize, firstEnd: usize, second: usize, end: usize, sure: bool): usize {
  // Cisco's ASA puts a blank in front of the colon.
  if (load<u8>(second) === COLON && isBreak(second + 1, end)) {
    second = skipBlanks(second + 1, end)
    sure = true
  }
  const tagless = isTagless(second, end) || priorityEnd(second, end) !== 0
  const behind = tagless ? second : tagEnd(second, end)
  const tagged = !tagless && tagKind !== NO_TAG
  if (!sure && !tagless && (!tagged || tagKind === PLAIN)) return first
  setHost(first, firstEnd)
  return tagged ? readTag(second, behind) : second
}

function setHost (start: usize, end: usize): void {
  if (end > start + 1 || load<u8>(start) !== DASH) set(HOST, start, end)
}

/** Behind Cisco's counters and the mark of its clock, which may stand in front of a date. */
function behindCounters (at: usize, end: usize): usize {
  for (let counters = 0; counters < 2; counters++) {
    const behind = digitsEnd(at, end, MOST_DIGITS)
    if (behind === at || byteAt(behind, end) !== COLON || byteAt(behind + 1, end) !== BLANK) break
    at = behind + 2
  }
  const clock = byteAt(at, end)
  return clock === 0x2a || clock === 0x2e ? at + 1 : at
}

/** `last message repeated ` and `-- MARK --`. */
const repeated: usize = memory.data<u8>([
  0x6c, 0x61, 0x73, 0x74, 0x20, 0x6d, 0x65, 0x73, 0x73, 0x61, 0x67, 0x65, 0x20, 0x72, 0x65, 0x70, 0x65, 0x61, 0x74, 0x65, 0x64, 0x20
])
const REPEATED_BYTES: usize = 22
const mark: usize = memory.data<u8>([0x2d, 0x2d, 0x20, 0x4d, 0x41, 0x52, 0x4b, 0x20, 0x2d, 0x2d])
const MARK_BYTES: usize = 10

/** Whether a text stands here that syslogd itself writes, without a tag. */
function isTagless (at: usize, end: usize): bool {
  return begins(at, end, repeated, REPEATED_BYTES) || begins(at, end, mark, MARK_BYTES)
}

function begins (at: usize, end: usize, text: usize, length: usize): bool {
  return at + length <= end && load<u8>(at) === load<u8>(text) && memory.compare(at, text, length) === 0
}

/** Hexadecimal digits, dots and more than one colon. */
function isIpv6 (start: usize, end: usize): bool {
  let colons = 0
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at)
    if (byte === COLON) colons++
    else if (!isDigit(byte) && <u32>(byte | 0x20) - 0x61 > 5 && byte !== 0x2e) return false
  }
  return colons > 1
}

/** Letters, digits and `. _ -`. */
function isHost (start: usize, end: usize): bool {
  if (end === start || end - start > MOST_HOST_BYTES) return false
  for (let at = start; at < end; at++) if ((kindOf(load<u8>(at)) & HOST_NAME) === 0) return false
  return true
}

/** Whether the word is hardly one of a text: `-`, `localhost`, or with a digit, a dot or a colon in it. */
function isDistinct (start: usize, end: usize): bool {
  if (end === start + 1) return load<u8>(start) === DASH
  if (end === start + 9 && load<u64>(start) === LOCALHOS && load<u8>(end - 1) === 0x74) return true
  for (let at = start; at < end - 1; at++) {
    const byte = load<u8>(at)
    if (isDigit(byte) || byte === 0x2e || byte === COLON) return true
  }
  return isDigit(load<u8>(end - 1))
}

const LOCALHOS: u64 = 0x736f686c61636f6c
