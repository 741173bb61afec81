import { from, set, TIMESTAMP } from './fields'
import { parse } from './timestamp'
import { arrivals, nearestYear } from './arrival'
import { areDigits, BLANK, byteAt, COLON, DASH, digitsEnd, isBreak, isDigit, two } from './header-bytes'
import { hoursOf, nameEnd, NO_ZONE } from './zones'

/**
 * The dates in front of a message. Each function returns the address behind the date, and sets the time; 0 where there
 * is no such date. A time without a zone is UTC. What RFC 3339 writes otherwise is rewritten.
 */

/** Two times as RFC 3339 writes them, each with the bytes behind it that are read: one may be the record's. */
const written: usize = memory.data(2 * 64, 16)
let start: usize = 0
let to: usize = 0

/**
 * The last date of 15 bytes, such as `Nov 27 10:00:00`, and the blank behind it, the arrival it was read at, and what
 * was written for it. Records of one second come in bursts: the next mostly has the same.
 */
const knownDate: usize = memory.data(16, 16)
const KNOWN_BYTES: usize = 15
let knownArrival: u32 = 0
let known: usize = 0
let knownTo: usize = 0

const MOST_FRACTION: usize = 9
const PLUS: u8 = 0x2b

/**
 * `2026-11-22T08:13:28.486506+00:00`; also with a comma, a zone without colon or without minutes, or no zone, and with
 * a blank for the T. `strict`: only with T and zone, as a log's line may begin with anything else.
 */
export function isoDate (at: usize, end: usize, strict: bool): usize {
  if (at + 19 > end || !areDigits(at, end, 4) || load<u8>(at, 4) !== DASH || !areDigits(at + 5, end, 2)) return 0
  const between = load<u8>(at, 10) | 0x20
  if (load<u8>(at, 7) !== DASH || !areDigits(at + 8, end, 2)) return 0
  if (between !== 0x74 && (strict || load<u8>(at, 10) !== BLANK)) return 0
  if (!isClock(at + 11, end)) return 0
  const clockEnd = fractionEnd(at + 19, end)
  const zone = zoneEnd(clockEnd, end)
  if ((strict && zone === clockEnd) || !isBoundary(zone, end)) return 0
  const length = zone - clockEnd
  const comma = byteAt(at + 19, end) === 0x2c
  if (!comma && (length === 1 || length === 6)) return taken(at, zone) ? zone : 0
  begin()
  copy(at, 10)
  return write(at + 11, clockEnd, clockEnd, zone) ? zone : 0
}

/**
 * `Nov 27 10:00:00` of RFC 3164, which has no year and no zone; also with a day of one digit, a year in front of the
 * time or behind it, a fraction, a zone, and a colon at the end.
 */
export function bsdDate (at: usize, end: usize): usize {
  const behind = at + KNOWN_BYTES
  const isKnown = knownArrival === arrivals && behind < end && i8x16.all_true(i8x16.eq(v128.load(at), v128.load(knownDate)))
  if (!isKnown || yearOf(behind + 1, end) !== 0 || zoneWordEnd(behind, end) !== behind) return readBsdDate(at, end)
  set(TIMESTAMP, known, knownTo)
  return behind
}

function readBsdDate (at: usize, end: usize): usize {
  const first = at
  const month = at + 14 > end ? 0 : monthOf(at)
  if (month === 0 || load<u8>(at, 3) !== BLANK) return 0
  at += load<u8>(at, 4) === BLANK ? 5 : 4
  const dayEnd = digitsEnd(at, end, 2)
  if (dayEnd === at || byteAt(dayEnd, end) !== BLANK) return 0
  const day = dayEnd === at + 1 ? <i32>load<u8>(at) - 0x30 : two(at)
  let year = yearOf(dayEnd + 1, end)
  const clock = year === 0 ? dayEnd + 1 : dayEnd + 6
  if (!isClock(clock, end)) return 0
  const clockEnd = fractionEnd(clock + 8, end)
  let zone = clockEnd
  let behind = zoneEnd(zone, end)
  if (behind === zone) {
    behind = zoneWordEnd(clockEnd, end)
    if (behind > zone) zone++
  }
  const zoneLast = behind
  if (year === 0 && byteAt(behind, end) === BLANK) {
    year = yearOf(behind + 1, end)
    if (year !== 0) behind += 5
  }
  if (!isBoundary(behind, end)) return 0
  if (year === 0) year = nearestYear(month, day, two(clock) * 60 + two(clock + 3))
  begin()
  number(year / 100)
  number(year % 100)
  byte(DASH)
  number(month)
  byte(DASH)
  number(day)
  if (!write(clock, clockEnd, zone, zoneLast)) return 0
  if (behind === first + KNOWN_BYTES && clockEnd === clock + 8 && byteAt(behind, end) === BLANK) {
    v128.store(knownDate, v128.load(first))
    knownArrival = arrivals
    known = start
    knownTo = to
  }
  return byteAt(behind, end) === COLON ? behind + 1 : behind
}

/** Writes the clock, the fraction and the zone behind the day. False where there is no such time. */
function write (clock: usize, clockEnd: usize, zone: usize, zoneLast: usize): bool {
  byte(0x54)
  copy(clock, 8)
  if (clockEnd > clock + 8) {
    byte(0x2e)
    copy(clock + 9, min(clockEnd - clock - 9, MOST_FRACTION))
  }
  const first = zone === zoneLast ? 0x5a : load<u8>(zone)
  const hours = hoursOf(zone, zoneLast)
  if (first === PLUS || first === DASH) {
    copy(zone, 3)
    byte(COLON)
    if (zoneLast - zone < 5) number(0)
    else copy(zoneLast - 2, 2)
  } else if (hours === NO_ZONE || hours === 0) byte(0x5a)
  else {
    byte(hours < 0 ? DASH : PLUS)
    number(abs(hours))
    byte(COLON)
    number(0)
  }
  return taken(start, to)
}

function taken (first: usize, end: usize): bool {
  if (!parse(first, end)) return false
  set(TIMESTAMP, first, end)
  return true
}

/** Whether `hh:mm:ss` stands here. */
function isClock (at: usize, end: usize): bool {
  return at + 8 <= end && areDigits(at, end, 2) && areDigits(at + 3, end, 2) && areDigits(at + 6, end, 2) &&
    load<u8>(at, 2) === COLON && load<u8>(at, 5) === COLON
}

/** Behind the fraction of a second, or behind the second. */
function fractionEnd (at: usize, end: usize): usize {
  const point = byteAt(at, end)
  return (point === 0x2e || point === 0x2c) && isDigit(byteAt(at + 1, end)) ? digitsEnd(at + 1, end, end - at) : at
}

/** Behind `Z`, `z`, `+01:00`, `+0100` or `+01`; `at` where there is none. */
function zoneEnd (at: usize, end: usize): usize {
  const first = byteAt(at, end)
  if ((first | 0x20) === 0x7a) return at + 1
  if ((first !== PLUS && first !== DASH) || !areDigits(at + 1, end, 2)) return at
  const minutes = byteAt(at + 3, end) === COLON ? at + 4 : at + 3
  return areDigits(minutes, end, 2) ? minutes + 2 : at + 3
}

/** Behind a blank and a zone, which may be a name; `at` where there is none. */
function zoneWordEnd (at: usize, end: usize): usize {
  if (byteAt(at, end) !== BLANK) return at
  const offset = zoneEnd(at + 1, end)
  const behind = offset > at + 1 ? offset : nameEnd(at + 1, end)
  return behind > at + 1 && isBoundary(behind, end) ? behind : at
}

/** Whether a date may end here: in front of a blank, or of a colon and a blank. */
function isBoundary (at: usize, end: usize): bool {
  return isBreak(load<u8>(at) === COLON ? at + 1 : at, end)
}

/** The year of four digits at `at`, where a word ends behind it; else 0. */
function yearOf (at: usize, end: usize): i32 {
  if (!areDigits(at, end, 4) || !isBoundary(at + 4, end)) return 0
  const year = two(at) * 100 + two(at + 2)
  return year >= 1970 && year < 2100 ? year : 0
}

/** `jan` to `dec`. */
const months: usize = memory.data<u32>([
  0x6e616a, 0x626566, 0x72616d, 0x727061, 0x79616d, 0x6e756a, 0x6c756a, 0x677561, 0x706573, 0x74636f, 0x766f6e, 0x636564
])

/** From 1; 0 where no month's name stands at `at`. */
function monthOf (at: usize): i32 {
  const name = (load<u32>(at) | 0x202020) & 0xffffff
  for (let month = 0; month < 12; month++) if (load<u32>(months + (<usize>month << 2)) === name) return month + 1
  return 0
}

function begin (): void {
  start = to = from(TIMESTAMP) === written ? written + 64 : written
  if (start === known) knownArrival = 0
}

function byte (value: u8): void {
  store<u8>(to++, value)
}

function number (value: i32): void {
  store<u8>(to, <u8>(value / 10 + 0x30))
  store<u8>(to, <u8>(value % 10 + 0x30), 1)
  to += 2
}

function copy (source: usize, length: usize): void {
  for (let i: usize = 0; i < length; i++) store<u8>(to++, load<u8>(source + i))
}
