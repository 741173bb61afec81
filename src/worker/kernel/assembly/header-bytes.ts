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

/** What a byte can be a part of. */
export const LETTER: u8 = 1
/** A host's name. */
export const HOST_NAME: u8 = 2
/** The name of a program. */
export const PROGRAM: u8 = 4
const kinds: usize = memory.data(256)
for (let byte: u32 = 0; byte < 256; byte++) {
  let kind: u8 = isLetter(<u8>byte) ? LETTER : 0
  if (kind !== 0 || isDigit(<u8>byte) || byte === 0x2e || byte === 0x5f || byte === DASH) kind |= HOST_NAME | PROGRAM
  else if (byte === 0x2f || byte === 0x40 || byte === 0x2b || byte === 0x7e || byte === 0x25 || <u32>byte - 0x28 < 2) kind = PROGRAM
  store<u8>(kinds + <usize>byte, kind)
}

export function kindOf (byte: u8): u8 {
  return load<u8>(kinds + <usize>byte)
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
