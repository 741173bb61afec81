/** What a header of syslog is made of. An `end` is never read, and neither is what lies behind it. */
export const BLANK: u8 = 0x20
export const COLON: u8 = 0x3a
export const DASH: u8 = 0x2d
export const OPEN: u8 = 0x5b
export const CLOSE: u8 = 0x5d

/** The byte at `at`; 0 at the end. */
export function byteAt (at: usize, end: usize): u8 {
  return at < end ? load<u8>(at) : 0
}

export function isDigit (byte: u8): bool {
  return <u32>byte - 0x30 <= 9
}

export function isLetter (byte: u8): bool {
  return <u32>(byte | 0x20) - 0x61 < 26
}

/** Behind the digits at `at`, of which no more than `most` are read. */
export function digitsEnd (at: usize, end: usize, most: usize): usize {
  const limit = min(end, at + most)
  while (at < limit && isDigit(load<u8>(at))) at++
  return at
}

/** Whether `count` digits stand at `at`. */
export function areDigits (at: usize, end: usize, count: usize): bool {
  return digitsEnd(at, end, count) === at + count
}

/** The number of two digits. */
export function two (at: usize): i32 {
  return (<i32>load<u8>(at) - 0x30) * 10 + <i32>load<u8>(at, 1) - 0x30
}

export function skipBlanks (at: usize, end: usize): usize {
  while (at < end && load<u8>(at) === BLANK) at++
  return at
}

/** The first blank from `at` on, or the end. */
export function wordEnd (at: usize, end: usize): usize {
  while (at < end && load<u8>(at) !== BLANK) at++
  return at
}

/** Whether a word ends here. */
export function isBreak (at: usize, end: usize): bool {
  return at >= end || load<u8>(at) === BLANK
}

/** Whether a byte order mark stands here. */
export function isMark (at: usize, end: usize): bool {
  return at + 3 <= end && load<u8>(at) === 0xef && load<u8>(at, 1) === 0xbb && load<u8>(at, 2) === 0xbf
}
