import { PROCID, set, SOURCE, TAG } from './fields'
import { BLANK, byteAt, CLOSE, COLON, DASH, isBreak, isDigit, kindOf, LETTER, OPEN, PROGRAM } from './header-bytes'

/** What the last tag is like. */
export const NO_TAG: u32 = 0
/** A word that fits, and a blank: so rsyslog writes the tag of what came as RFC 5424. Or `-`, for none. */
export const PLAIN: u32 = 1
/** A colon ends it, and no blank stands behind. */
export const JOINED: u32 = 2
/** No word of a text is like this: `app: `, `app[123]`, `app[x]: `. */
export const STRONG: u32 = 3
export let tagKind: u32 = NO_TAG

const PARENTHESIS: u8 = 0x28
const PERCENT: u8 = 0x25

/** Where the program's name in the last tag ends, and its process id, where it has one. */
let nameLast: usize = 0
let pid: usize = 0
let pidLast: usize = 0

const MOST_NAME_BYTES: usize = 128
const MOST_PID_BYTES: usize = 64

/** Behind the tag at `at`, its colon included; `at` where there is none. */
export function tagEnd (at: usize, end: usize): usize {
  const start = at
  tagKind = NO_TAG
  at = nameEnd(start, end)
  nameLast = at
  if (at === start) return start
  pid = pidLast = 0
  const inBrackets = byteAt(at, end) === OPEN
  if (inBrackets) {
    const first = at + 1
    at = pidEnd(first, end)
    if (at === 0) return start
    if (allDigits(first, at - 1)) {
      pid = first
      pidLast = at - 1
    }
  }
  if (byteAt(at, end) === COLON) {
    const next = byteAt(at + 1, end)
    if (isBreak(at + 1, end)) tagKind = STRONG
    else if (next !== 0x2f && next !== COLON) tagKind = JOINED
    else return start
    return at + 1
  }
  if (pid !== 0 && isBreak(at, end)) tagKind = STRONG
  if (!inBrackets && byteAt(at, end) === BLANK && load<u8>(start) !== PARENTHESIS) tagKind = PLAIN
  return tagKind === NO_TAG ? start : at
}

/**
 * Behind the name of a program, which has a letter, or `-`; `start` where there is none. Programs and their parts have
 * letters, digits and `_ . @ + ~ % / ( ) -`.
 */
function nameEnd (start: usize, end: usize): usize {
  const limit = min(end, start + MOST_NAME_BYTES + 1)
  let kinds: u8 = 0
  let at = start
  for (; at < limit; at++) {
    const kind = kindOf(load<u8>(at))
    if ((kind & PROGRAM) === 0) break
    kinds |= kind
  }
  if (at === start || at - start > MOST_NAME_BYTES) return start
  const first = load<u8>(start)
  if (first === DASH) return at === start + 1 ? at : start
  return (kinds & LETTER) !== 0 && first !== 0x2f && first !== 0x2e ? at : start
}

/**
 * Sets the tag in `[start, end)`, which tagEnd() has found last. Returns where the text begins: at Cisco's mnemonic
 * itself (`%SYS-5-CONFIG_I:`), as it says what the text means.
 */
export function readTag (start: usize, end: usize): usize {
  if (nameLast === start + 1 && load<u8>(start) === DASH) return end
  set(SOURCE, start, nameLast)
  set(TAG, start, end)
  set(PROCID, pid, pidLast)
  return load<u8>(start) === PERCENT ? start : end
}

/** Behind the bracket that closes; 0 where a blank or the end comes before. */
function pidEnd (at: usize, end: usize): usize {
  const limit = min(end, at + MOST_PID_BYTES)
  for (; at < limit && load<u8>(at) !== BLANK; at++) if (load<u8>(at) === CLOSE) return at + 1
  return 0
}

function allDigits (at: usize, end: usize): bool {
  if (at === end) return false
  for (; at < end; at++) if (!isDigit(load<u8>(at))) return false
  return true
}
