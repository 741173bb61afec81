import { clear, set } from './fields'
import { BACKSLASH, beyondAsciiBefore, QUOTE, specials } from './specials'
import { unescape, unescapeBeyond, unescapeEnd } from './unescape'

/**
 * Finds the fields of one record in its bytes, 16 at a time, without making a string or an object of it.
 *
 * It takes what rsyslog's template writes: an object whose values are strings. Whatever else is JSON (numbers, nested values,
 * escapes in keys, surrogate pairs), and whatever is not, is left to JSON.parse: what is taken here is a subset of what JSON.parse
 * takes, with the same outcome, and the tests hold the two against each other.
 *
 * rsyslog writes the same keys in the same order each time. So what lies between two values (`", "host":"`) is remembered by its place
 * in the record, and where it comes again one comparison steps over it; only where it differs is it read.
 *
 * Values that hold escapes are unescaped where they lie: that never makes them longer. So the bytes are not a record any more then,
 * whatever the outcome: whoever needs it again has the batch they were copied from.
 */

/** Left to JSON.parse. */
export const LEFT: i32 = 0
export const TAKEN: i32 = 1
/** Taken, if its bytes are UTF-8, which is not looked at here: they are not all ASCII. */
export const TAKEN_IF_UTF8: i32 = 2

/** A key nobody asked for; and the end of the record, in the place of a slot. */
const UNKNOWN: i32 = -1
const END: i32 = -2

/** A place: 32 bytes of separator, a bit for each byte that counts, its length (0: nothing is known), and the slot of the value behind it. */
const PLACES: u32 = 64
const PLACE_BYTES: usize = 48
const SEPARATOR_BYTES: u32 = 32
const MASK: usize = 32
const LENGTH: usize = 36
const SLOT: usize = 40
const places: usize = memory.data(PLACES * 48, 16)
const lastPlace: usize = places + (PLACES - 1) * 48

/** The keys that have a slot: address and length of each, by slot. */
const MAX_KEYS: u32 = 256
const keys: usize = memory.data(MAX_KEYS * 8, 8)
let keyCount: u32 = 0

/** What separator() found besides its result. */
let slot: i32 = 0
/** Whether a byte beyond ASCII was seen in a key that had to be read. */
let beyondAscii: bool = false

export function addKey (key: usize, length: u32): void {
  store<u32>(keys + (<usize>keyCount << 3), <u32>key)
  store<u32>(keys + (<usize>keyCount << 3), length, 4)
  keyCount++
}

/** Fills the fields from the record in `[start, end)`; 16 bytes behind it must be there to be read. */
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
      learn(place, at, behind)
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
 * Reads what stands before a value: the opening brace or the quote of the value before and a comma, the key, the colon, a quote.
 * Returns where the value begins, or, with END for a slot, where the record's brace has been passed; 0 where it is anything else.
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

function learn (place: usize, at: usize, behind: usize): void {
  const length = <u32>(behind - at)
  // What is not ASCII has to be looked at each time, and what is this long is not rsyslog's.
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
