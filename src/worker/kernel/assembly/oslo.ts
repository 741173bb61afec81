import { readBrackets, wordEnd } from './context'
import { PID, set } from './fields'
import { CRITICAL, DEBUG, ERROR, INFO, NO_LEVEL, WARNING } from './levels'

/**
 * Reads a line of oslo.log's default format (logging_context_format_string), the most frequent one, by itself:
 *
 *     2026-11-22 08:00:01.234 7 INFO nova.compute.manager [req-5d3f... user project - - -] [instance: 6c1d...] text
 *
 * Sets the fields that it finds, and returns the level. Else returns NO_LEVEL and sets nothing: what deviates is left
 * to the automata. It must be possible to read 16 bytes behind `end`.
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
  if (levelEnd < end && load<u8>(levelEnd) !== SPACE) return NO_LEVEL
  if (levelEnd + 1 < end && !isLetter(load<u8>(levelEnd, 1))) return NO_LEVEL
  const logger = wordEnd(levelEnd + 1, end)
  if (logger + 1 < end && (isOdd(load<u8>(logger, 1)) || (load<u8>(logger, 1) === OPEN && isOdd(load<u8>(logger, 2))))) return NO_LEVEL
  set(PID, pid, at)
  if (logger < end && load<u8>(logger) === SPACE) readBrackets(logger + 1, end)
  return level
}

const SPACE: u8 = 0x20
const OPEN: u8 = 0x5b

function isLetter (byte: u8): bool {
  return <u32>((byte | 0x20) - 0x61) < 26 || byte === 0x5f
}

/** A blank, a colour or a NUL, where oslo.log's default has none. */
function isOdd (byte: u8): bool {
  return byte <= 0x20 || byte === 0x23
}

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

/** The names of Python's levels, and oslo.log's own AUDIT. TRACE may be an error: the automata tell. */
function levelOf (start: usize, end: usize): u32 {
  if (end < start) return NO_LEVEL
  const word = load<u64>(start)
  switch (<u32>(end - start)) {
    case 4: return <u32>word === 0x4f464e49 ? INFO : NO_LEVEL
    case 5: {
      const five = word & 0xffffffffff
      if (five === 0x4755424544) return DEBUG
      return five === 0x524f525245 ? ERROR : five === 0x5449445541 ? INFO : NO_LEVEL
    }
    case 7: return (word & 0xffffffffffffff) === 0x474e494e524157 ? WARNING : NO_LEVEL
    case 8: return word === 0x4c41434954495243 ? CRITICAL : NO_LEVEL
    default: return NO_LEVEL
  }
}
