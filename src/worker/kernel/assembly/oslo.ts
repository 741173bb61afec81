import { GLOBAL_REQUEST_ID, INSTANCE_ID, PID, REQUEST_ID, set } from './fields'
import { CRITICAL, DEBUG, ERROR, INFO, NO_LEVEL, WARNING } from './levels'

/**
 * Reads the head of an oslo.log line (oslo_log's default logging_context_format_string):
 *
 *     2026-11-22 08:00:01.234 7 INFO nova.compute.manager [req-5d3f... user project - - -] [instance: 6c1d...] text
 *
 * Newer releases write `[None req-5d3f... user project ...]`, or both ids, the global one first. Lines of a traceback
 * have no ids, but may name the instance. Sets the fields that it finds, and returns the level. Where oslo.log did not
 * write the line, returns NO_LEVEL and sets nothing. It must be possible to read 16 bytes behind `end`.
 */
export function readOslo (start: usize, end: usize): u32 {
  if (end - start > 3 && (load<u32>(start) & 0xffffff) === 0xbfbbef) start += 3
  if (!isDate(start, end)) return NO_LEVEL
  const pid = start + 24
  let at = pid
  while (at < end && <u32>load<u8>(at) - 0x30 <= 9) at++
  if (at === pid || at - pid > 10 || load<u8>(at) !== SPACE) return NO_LEVEL
  const levelEnd = wordEnd(at + 1, end)
  const level = levelOf(at + 1, levelEnd)
  if (level === NO_LEVEL) return NO_LEVEL
  set(PID, pid, at)
  at = wordEnd(levelEnd + 1, end) + 1
  if (at < end && load<u8>(at) === OPEN && !instance(at, end)) {
    const behind = context(at + 1, end)
    if (load<u8>(behind) === SPACE) instance(behind + 1, end)
  }
  return level
}

/**
 * Reads `req-... user project ...]` from behind the opening bracket. Returns the address behind the closing bracket.
 */
function context (at: usize, end: usize): usize {
  let request: usize = 0
  let requestEnd: usize = 0
  for (let word = 0; at < end && word < 2; word++) {
    const to = wordEnd(at, end)
    if (isRequestId(at, to)) {
      if (request !== 0) set(GLOBAL_REQUEST_ID, request, requestEnd)
      request = at
      requestEnd = to
    }
    at = to
    if (at >= end || load<u8>(at) !== SPACE) break
    at++
  }
  if (request !== 0) set(REQUEST_ID, request, requestEnd)
  return bracketEnd(at, end) + 1
}

function instance (at: usize, end: usize): bool {
  if (at + 11 >= end || load<u64>(at) !== INSTANCE_COLON_LOW || (load<u32>(at, 8) & 0xffffff) !== INSTANCE_COLON_HIGH) return false
  const from = at + 11
  const to = wordEnd(from, end)
  if (to === from || to === end || load<u8>(to) !== CLOSE || to - from > 64) return false
  set(INSTANCE_ID, from, to)
  return true
}

const SPACE: u8 = 0x20
const OPEN: u8 = 0x5b
const CLOSE: u8 = 0x5d
/** `[instanc` and `e: `. */
const INSTANCE_COLON_LOW: u64 = 0x636e6174736e695b
const INSTANCE_COLON_HIGH: u32 = 0x203a65

/**
 * Whether the line begins with `YYYY-MM-DD HH:MM:SS.mmm `. A digit may be more than its byte of `0000-00-00 ...` by 0
 * to 9; a separator must be equal.
 */
function isDate (start: usize, end: usize): bool {
  if (end - start < 30) return false
  const first = i8x16.sub(v128.load(start), i8x16(48, 48, 48, 48, 45, 48, 48, 45, 48, 48, 32, 48, 48, 58, 48, 48))
  const rest = i8x16.sub(v128.load(start, 8), i8x16(48, 48, 32, 48, 48, 58, 48, 48, 58, 48, 48, 46, 48, 48, 48, 32))
  return i8x16.all_true(i8x16.le_u(first, i8x16(9, 9, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9))) &&
    i8x16.all_true(i8x16.le_u(rest, i8x16(9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 9, 0)))
}

function wordEnd (at: usize, end: usize): usize {
  for (; at < end; at += 16) {
    const chunk = v128.load(at)
    const found = i8x16.bitmask(v128.or(i8x16.eq(chunk, i8x16.splat(SPACE)), i8x16.eq(chunk, i8x16.splat(CLOSE))))
    if (found !== 0) return min(at + <usize>ctz(found), end)
  }
  return end
}

function bracketEnd (at: usize, end: usize): usize {
  for (; at < end; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(CLOSE)))
    if (found !== 0) return min(at + <usize>ctz(found), end)
  }
  return end
}

/** The names of Python's levels, and oslo.log's own AUDIT and TRACE. */
function levelOf (start: usize, end: usize): u32 {
  if (end < start) return NO_LEVEL
  const word = load<u64>(start)
  switch (<u32>(end - start)) {
    case 4: return <u32>word === 0x4f464e49 ? INFO : NO_LEVEL
    case 5: {
      const five = word & 0xffffffffff
      if (five === 0x4755424544 || five === 0x4543415254) return DEBUG
      return five === 0x524f525245 ? ERROR : five === 0x5449445541 ? INFO : NO_LEVEL
    }
    case 7: return (word & 0xffffffffffffff) === 0x474e494e524157 ? WARNING : NO_LEVEL
    case 8: return word === 0x4c41434954495243 ? CRITICAL : NO_LEVEL
    default: return NO_LEVEL
  }
}

function isRequestId (start: usize, end: usize): bool {
  return end - start > 4 && end - start <= 64 && load<u32>(start) === 0x2d716572
}
