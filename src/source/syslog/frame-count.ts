const BLANK = 0x20
const LESS = 0x3c
const GREATER = 0x3e
const ZERO = 0x30

const MOST_DIGITS = 9
/** What a message begins with is not longer. */
const MOST_BEGINNING = 13
/** Of `<13>`, as most priorities are. */
const PRIORITY_BYTES = 4

/**
 * What a message begins with, behind a count: a priority, JSON, or rsyslog's mark of a compressed message and what zlib
 * begins with; a date of RFC 3164; one of RFC 3339, with the version of RFC 5424 or not. Each with the least length of
 * such a message. A line of text may also begin with a number and a blank.
 */
const BEGINNINGS: ReadonlyArray<readonly [beginning: RegExp, least: number]> = [
  [/^(?:<\d{0,3}>|\{ *"|@cee:|zx)/, 2], [/^[A-Z][a-z]{2} (?: \d|\d\d|\d )/, 14], [/^(?:1 )?\d{4}-\d\d-\d\dT/, 20]
]

/** The frame has no count: it ends with LF. */
export const LINE = -1
/** More bytes must come to tell. */
export const UNDECIDED = -2

/**
 * The octets that the frame at `at` counts (RFC 6587, 3.4.1), or LINE, or UNDECIDED. The message begins behind the
 * first blank. `ended`: no more bytes come.
 */
export function frameCount (bytes: Buffer, at: number, ended: boolean): number {
  let count = 0
  let digit = at
  for (; digit - at <= MOST_DIGITS && isDigit(bytes[digit]); digit++) count = count * 10 + bytes.readUInt8(digit) - ZERO
  if (digit === at || digit - at > MOST_DIGITS) return LINE
  if (digit === bytes.length) return ended ? LINE : UNDECIDED
  if (bytes[digit] !== BLANK) return LINE
  if (count >= PRIORITY_BYTES && isPriority(bytes, digit + 1)) return count
  // No beginning has LF. So what is told does not change with the bytes that come later.
  const [beginning = ''] = bytes.toString('latin1', digit + 1, digit + 1 + MOST_BEGINNING).split('\n')
  const found = BEGINNINGS.find(([pattern]) => pattern.test(beginning))
  if (found !== undefined) return count === 0 || count >= found[1] ? count : LINE
  const isWhole = ended || beginning.length === MOST_BEGINNING || digit + 1 + beginning.length < bytes.length
  return isWhole ? LINE : UNDECIDED
}

/** Whether a priority of two digits stands here. */
function isPriority (bytes: Buffer, at: number): boolean {
  return bytes[at] === LESS && isDigit(bytes[at + 1]) && isDigit(bytes[at + 2]) && bytes[at + 3] === GREATER
}

function isDigit (byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= ZERO + 9
}
