/** The last time read: whole seconds since the epoch (f64), and the nanoseconds behind them (i32). */
export const time: usize = memory.data(16, 8)
const NANOS: usize = 8

export function milliseconds (): f64 {
  return load<f64>(time) * 1000 + <f64>load<i32>(time, NANOS) / 1e6
}

/**
 * The last `YYYY-MM-DDTHH:MM` read, and its seconds since the epoch. Records come in bursts: the next mostly has the
 * same.
 */
const knownMinute: usize = memory.data(16, 16)
let knownSeconds: f64 = 0
// Begins as `1970-01-01T00:00`, because 16 zero bytes are no valid minute.
v128.store(knownMinute, i8x16(0x31, 0x39, 0x37, 0x30, 0x2d, 0x30, 0x31, 0x2d, 0x30, 0x31, 0x54, 0x30, 0x30, 0x3a, 0x30, 0x30))

/**
 * Reads a time of RFC 3339 (`2026-11-22T08:13:28.486506+00:00`): any number of fraction digits (those beyond
 * nanoseconds are dropped), `Z` or an offset, and `t`, `z` or a space where the RFC allows them. A leap second counts
 * as the first second of the next minute. False where it is no such time. It must be possible to read 16 bytes behind
 * `end`.
 */
export function parse (start: usize, end: usize): bool {
  if (end - start < 20) return false
  const minute = v128.load(start)
  if (!i8x16.all_true(i8x16.eq(minute, v128.load(knownMinute)))) {
    const read = minuteSeconds(start)
    if (isNaN(read)) return false
    knownSeconds = read
    v128.store(knownMinute, minute)
  }
  const second = two(start + 17)
  if (load<u8>(start, 16) !== 0x3a || second < 0 || second > 60) return false
  let at = start + 19
  let fraction: i32 = 0
  if (load<u8>(at) === 0x2e) {
    const first = ++at
    for (let scale: i32 = 100000000; at < end && isDigit(load<u8>(at)); at++, scale /= 10) fraction += (<i32>load<u8>(at) - 0x30) * scale
    if (at === first) return false
  }
  const zone = load<u8>(at)
  if (at + 1 === end && (zone === 0x5a || zone === 0x7a)) store<f64>(time, knownSeconds + <f64>second)
  else {
    const hours = two(at + 1)
    const minutes = two(at + 4)
    if (at + 6 !== end || (zone !== 0x2b && zone !== 0x2d) || load<u8>(at, 3) !== 0x3a) return false
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false
    const offset = <f64>(hours * 3600 + minutes * 60)
    store<f64>(time, knownSeconds + <f64>second - (zone === 0x2d ? -offset : offset))
  }
  store<i32>(time, fraction, NANOS)
  return true
}

function minuteSeconds (start: usize): f64 {
  const year = two(start) * 100 + two(start + 2)
  const month = two(start + 5)
  const day = two(start + 8)
  const hour = two(start + 11)
  const minute = two(start + 14)
  const separator = load<u8>(start, 10)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return NaN
  if (load<u8>(start, 4) !== 0x2d || load<u8>(start, 7) !== 0x2d || load<u8>(start, 13) !== 0x3a) return NaN
  if (separator !== 0x54 && separator !== 0x74 && separator !== 0x20) return NaN
  return daySeconds(year, month, day) + <f64>(hour * 3600 + minute * 60)
}

/** When a day begins: seconds since the epoch. NaN where there is no such day. */
export function daySeconds (year: i32, month: i32, day: i32): f64 {
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return NaN
  return <f64>daysSinceEpoch(year, month, day) * 86400
}

/**
 * Days from 1970-01-01 in the proleptic Gregorian calendar. Its years begin in March here, so that a leap day comes
 * last.
 */
function daysSinceEpoch (year: i32, month: i32, day: i32): i32 {
  // Four hundred years more, for the divisions: January and February of year 0 would make `y` negative.
  const y = (month > 2 ? year : year - 1) + 400
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  return y * 365 + y / 4 - y / 100 + y / 400 + dayOfYear - 719468 - 146097
}

function daysIn (year: i32, month: i32): i32 {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** The number of two digits; negative where one of them is no digit. */
function two (at: usize): i32 {
  const tens = <i32>load<u8>(at) - 0x30
  const ones = <i32>load<u8>(at, 1) - 0x30
  return <u32>tens <= 9 && <u32>ones <= 9 ? tens * 10 + ones : -10000
}

function isDigit (byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39
}
