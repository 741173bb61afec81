/** A point in time as Loki takes it: whole seconds since the epoch and the nanoseconds behind them. */
export class Timestamp {
  seconds = 0
  nanos = 0

  /**
   * Reads RFC 3339 (`2026-11-22T08:13:28.486506+00:00`) from bytes, with any number of fraction digits (kept to the
   * nanosecond), `Z` or an offset, and `t`, `z` or a space where the RFC allows them. A leap second counts as the first of
   * the next minute. Returns false, and leaves the value alone, where it is anything else.
   */
  parse (bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < 20) return false
    const year = two(bytes, start) * 100 + two(bytes, start + 2)
    const month = two(bytes, start + 5)
    const day = two(bytes, start + 8)
    const hour = two(bytes, start + 11)
    const minute = two(bytes, start + 14)
    const second = two(bytes, start + 17)
    const separator = bytes[start + 10]
    if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && hour >= 0 && hour < 24 &&
      minute >= 0 && minute < 60 && second >= 0 && second <= 60)) return false
    if (bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d || bytes[start + 13] !== 0x3a || bytes[start + 16] !== 0x3a ||
      (separator !== 0x54 && separator !== 0x74 && separator !== 0x20)) return false
    let at = start + 19
    let nanos = 0
    if (bytes[at] === 0x2e) {
      const first = ++at
      for (let scale = 100_000_000; at < end && isDigit(bytes[at]); at++, scale = Math.trunc(scale / 10)) nanos += (bytes[at] - 0x30) * scale
      if (at === first) return false
    }
    const offset = zoneOffset(bytes, at, end)
    if (offset === undefined) return false
    this.seconds = daysSinceEpoch(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
    this.nanos = nanos
    return true
  }

  advance (nanos: number): void {
    const total = this.nanos + nanos
    this.seconds += Math.floor(total / 1e9)
    this.nanos = total % 1e9
  }
}

/** Seconds that the zone at `at` is ahead of UTC, or undefined where it is none or more text follows. */
function zoneOffset (bytes: Uint8Array, at: number, end: number): number | undefined {
  const sign = bytes[at]
  if (at + 1 === end && (sign === 0x5a || sign === 0x7a)) return 0
  if (at + 6 !== end || (sign !== 0x2b && sign !== 0x2d) || bytes[at + 3] !== 0x3a) return undefined
  const hours = two(bytes, at + 1)
  const minutes = two(bytes, at + 4)
  if (!(hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60)) return undefined
  return (sign === 0x2d ? -1 : 1) * (hours * 3600 + minutes * 60)
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March so that leap days come last. */
function daysSinceEpoch (year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719468
}

function daysIn (year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** Two digits, or a negative number where one of them is none. */
function two (bytes: Uint8Array, at: number): number {
  const tens = bytes[at] - 0x30
  const ones = bytes[at + 1] - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -10000
}

function isDigit (byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
