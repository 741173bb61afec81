import { clear, set } from './fields'
import { BACKSLASH, beyondAsciiBefore, QUOTE, specials } from './specials'
import { unescape, unescapeBeyond, unescapeEnd } from './unescape'

/**
 * Finds the fields of one record in its bytes, 16 bytes at a time, without making a string or an object.
 *
 * The scanner takes what rsyslog's template writes: an object whose values are strings. It leaves all other JSON
 * (numbers, nested values, escapes in keys, surrogate pairs), and all that is no JSON, to JSON.parse. Where the scanner
 * takes a record, JSON.parse takes it too and finds the same fields; the tests compare both.
 *
 * rsyslog writes the same keys in the same order each time. So the scanner remembers the separator in front of each
 * value (`", "host":"`) by its place in the record. Where the same separator comes again, one comparison steps over it.
 *
 * The scanner unescapes values in place, which never makes them longer. The bytes are then no record any more, whatever
 * the answer: the caller still has the batch from which they were copied.
 */

/** The record is left to JSON.parse. */
export const LEFT: i32 = 0
export const TAKEN: i32 = 1
/** The record is taken if its bytes are UTF-8. They are not all ASCII, and the scanner does not check UTF-8. */
export const TAKEN_IF_UTF8: i32 = 2

/** In the place of a slot: a key that no setting names, and the end of the record. */
const UNKNOWN: i32 = -1
const END: i32 = -2

/**
 * A remembered separator: 32 bytes, a mask with a bit for each byte that counts (0: nothing is remembered), its length,
 * and the slot of the value behind it.
 */
const PLACES: u32 = 64
const PLACE_BYTES: usize = 48
const SEPARATOR_BYTES: u32 = 32
const MASK: usize = 32
const LENGTH: usize = 36
const SLOT: usize = 40
const places: usize = memory.data(PLACES * 48, 16)
const lastPlace: usize = places + (PLACES - 1) * 48

/** Address and length of each key that has a slot, by slot. */
const MAX_KEYS: u32 = 256
const keys: usize = memory.data(MAX_KEYS * 8, 8)
let keyCount: u32 = 0

/** The second result of separator(). */
let slot: i32 = 0
/** Whether a key that had to be read has a byte beyond ASCII. */
let beyondAscii: bool = false

export function addKey (key: usize, length: u32): void {
  store<u32>(keys + (<usize>keyCount << 3), <u32>key)
  store<u32>(keys + (<usize>keyCount << 3), length, 4)
  keyCount++
}

/** Fills the fields from the record in `[start, end)`. It must be possible to read 16 bytes behind `end`. */
export function scan (start: usize, end: usize): i32 {
  clear()
  beyondAscii = false
  let beyond: u32 = 0
  let at = start
  let place = places
  while (true) {
    const mask = load<u32>(place, MASK)
    const low = i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(place)))
    const high = i8x16.bitmask(i8x16.eq(v128.load(at, 16), v128.load(place, 16)))
    let here: i32
    if (mask !== 0 && (<u32>(low | (high << 16)) & mask) === mask && at + load<u32>(place, LENGTH) <= end) {
      at += load<u32>(place, LENGTH)
      here = load<i32>(place, SLOT)
    } else {
      const behind = separator(at, end, at === start)
      if (behind === 0) return LEFT
      here = slot
      remember(place, at, behind)
      at = behind
    }
    if (here === END) {
      if (at === end) break
      at = skipSpace(at, end)
      if (at === end) break
      return LEFT
    }
    const value = at
    let special: u32
    while (true) {
      const chunk = v128.load(at)
      special = specials(chunk)
      beyond |= beyondAsciiBefore(special, chunk)
      if (special !== 0) break
      at += 16
      if (at >= end) return LEFT
    }
    at += ctz(special)
    if (at >= end) return LEFT
    let valueEnd = at
    if (load<u8>(at) !== QUOTE) {
      valueEnd = unescape(at, end)
      if (valueEnd === 0) return LEFT
      beyond |= unescapeBeyond
      at = unescapeEnd
    }
    if (here >= 0) set(here, value, valueEnd)
    if (place !== lastPlace) place += PLACE_BYTES
  }
  return beyondAscii || beyond !== 0 ? TAKEN_IF_UTF8 : TAKEN
}

/**
 * Reads the separator in front of a value: the opening brace, or the quote of the value before and a comma; then the
 * key, the colon, a quote. Returns where the value begins. At the end of the record, `slot` is END, and the result is
 * the address behind the closing brace. Returns 0 where there is anything else.
 */
function separator (at: usize, end: usize, first: bool): usize {
  if (first) {
    at = skipSpace(at, end)
    if (at >= end || load<u8>(at) !== 0x7b) return 0
  } else {
    at = skipSpace(at + 1, end)
    if (at >= end) return 0
    if (load<u8>(at) === 0x7d) {
      slot = END
      return skipSpace(at + 1, end)
    }
    if (load<u8>(at) !== 0x2c) return 0
  }
  at = skipSpace(at + 1, end)
  if (at >= end || load<u8>(at) !== QUOTE) return 0
  const key = ++at
  for (; at < end && load<u8>(at) !== QUOTE; at++) {
    const byte = load<u8>(at)
    if (byte === BACKSLASH || byte < 0x20) return 0
    if (byte > 0x7f) beyondAscii = true
  }
  slot = slotOf(key, at)
  at = skipSpace(at + 1, end)
  if (at >= end || load<u8>(at) !== 0x3a) return 0
  at = skipSpace(at + 1, end)
  if (at >= end || load<u8>(at) !== QUOTE) return 0
  return at + 1
}

function remember (place: usize, at: usize, behind: usize): void {
  const length = <u32>(behind - at)
  // A key beyond ASCII has to be read each time, and no separator of rsyslog's is this long.
  if (beyondAscii || length > SEPARATOR_BYTES) return
  memory.copy(place, at, length)
  store<u32>(place, length === 32 ? 0xffffffff : (<u32>1 << length) - 1, MASK)
  store<u32>(place, length, LENGTH)
  store<i32>(place, slot, SLOT)
}

function slotOf (key: usize, keyEnd: usize): i32 {
  const length = <u32>(keyEnd - key)
  for (let one: u32 = 0; one < keyCount; one++) {
    const known = keys + (<usize>one << 3)
    if (load<u32>(known, 4) === length && memory.compare(load<u32>(known), key, length) === 0) return one
  }
  return UNKNOWN
}

function skipSpace (at: usize, end: usize): usize {
  while (at < end) {
    const byte = load<u8>(at)
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    at++
  }
  return at
}
