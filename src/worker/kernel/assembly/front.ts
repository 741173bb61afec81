/**
 * What may stand in front of any format. Addresses are between the line's beginning and `end`; 0 says that there is
 * nothing of the kind. It must be possible to read 16 bytes behind `end`.
 */

/** How much of a line is read to find its format. */
export const HEAD_BYTES: usize = 1024
const clean: usize = memory.data(1024 + 64, 16)

/**
 * The address behind a date and time: `2026-01-02 03:04:05`, also with slashes, a T, a one-digit hour behind two
 * blanks, a fraction, a zone, and an opening bracket in front.
 */
export function timeEnd (at: usize, end: usize): usize {
  if (at < end && load<u8>(at) === 0x5b) at++
  if (end < at + 18 || end - at < 18) return 0
  const separator = load<u8>(at, 4)
  if ((separator !== 0x2d && separator !== 0x2f) || load<u8>(at, 7) !== separator) return 0
  if (!digits(at, 4) || !digits(at + 5, 2) || !digits(at + 8, 2)) return 0
  at += 10
  const between = load<u8>(at++)
  if (between !== 0x54 && between !== 0x20) return 0
  if (between === 0x20 && load<u8>(at) === 0x20) at++
  if (!digit(at)) return 0
  at += digit(at + 1) ? 2 : 1
  if (load<u8>(at) !== 0x3a || !digits(at + 1, 2) || load<u8>(at, 3) !== 0x3a || !digits(at + 4, 2)) return 0
  at += 6
  if (at > end) return 0
  if (at < end && (load<u8>(at) === 0x2e || load<u8>(at) === 0x2c) && at + 1 < end && digit(at + 1)) {
    at++
    for (let i = 0; i < 9 && at < end && digit(at); i++) at++
  }
  return zoneEnd(at, end)
}

function zoneEnd (at: usize, end: usize): usize {
  if (at < end && load<u8>(at) === 0x5a) return at + 1
  let sign = at
  if (sign < end && load<u8>(sign) === 0x20) sign++
  if (sign < end && (load<u8>(sign) === 0x2b || load<u8>(sign) === 0x2d) && digits(sign + 1, 2)) {
    const minutes = load<u8>(sign, 3) === 0x3a ? sign + 4 : sign + 3
    if (digits(minutes, 2) && minutes + 2 <= end) at = minutes + 2
  }
  if (at + 4 <= end) {
    const word = load<u32>(at)
    if (word === UTC || word === GMT) return at + 4
  }
  return at
}

/** ` UTC` and ` GMT`. */
const UTC: u32 = 0x43545520
const GMT: u32 = 0x544d4720

/** Behind ` stdout F ` and its like, which a container's runtime puts behind the time. `at` is behind the time. */
export function streamEnd (at: usize, end: usize): usize {
  if (end < at + 9 || load<u8>(at) !== 0x20) return 0
  const word = load<u64>(at) >> 8
  if (word !== STDOUT && word !== STDERR) return 0
  const flag = load<u8>(at, 8)
  if (flag !== 0x46 && flag !== 0x50) return 0
  at += 9
  return at < end && load<u8>(at) === 0x20 ? at + 1 : at
}

/** `stdout ` and `stderr `. */
const STDOUT: u64 = 0x2074756f647473
const STDERR: u64 = 0x20727265647473

/** Whether the name that nameEnd() has read last is no ordinary word, such as `nova-api` or `rabbit.log`. */
export let isProgram: bool = false

/** Behind the name of a program or file and a blank: `nova-api `, `/var/log/x.log `, `nova-api[12]: `. */
export function nameEnd (at: usize, end: usize): usize {
  isProgram = false
  if (at >= end || !nameByte(load<u8>(at)) || digit(at)) return 0
  const start = at
  while (at < end && nameByte(load<u8>(at))) {
    const byte = load<u8>(at)
    if (byte !== 0x5f && !letter(byte)) isProgram = true
    at++
  }
  if (at - start > 128) return 0
  if (at < end && load<u8>(at) === 0x5b) {
    const first = ++at
    while (at < end && digit(at)) at++
    if (at === first || at >= end || load<u8>(at) !== 0x5d) return 0
    at++
  }
  if (at < end && load<u8>(at) === 0x3a) at++
  return at < end && load<u8>(at) === 0x20 ? at + 1 : 0
}

/** The letters, digits and `_ . / @ + -`. */
function nameByte (byte: u8): bool {
  return letter(byte) || (byte >= 0x2d && byte <= 0x39) || byte === 0x5f || byte === 0x40 || byte === 0x2b
}

function letter (byte: u8): bool {
  return <u32>((byte | 0x20) - 0x61) < 26
}

/**
 * Copies the line without colours (ESC `[...m`, or `#033[...m` as rsyslog writes it) and without NULs, where it has
 * any. Returns where the copy ends; 0 where the line has none of these. The copy begins at cleanStart().
 */
export function cleaned (start: usize, end: usize): usize {
  if (!hasDirt(start, end)) return 0
  let to = clean
  for (let at = start; at < end;) {
    const behind = dirtEnd(at, end)
    if (behind !== 0) at = behind
    else store<u8>(to++, load<u8>(at++))
  }
  v128.store(to, i8x16.splat(0))
  return to
}

export function cleanStart (): usize {
  return clean
}

/** Whether a value was read from there, and so lies in none of the record's own. */
export function isClean (at: usize): bool {
  return at >= clean && at <= clean + HEAD_BYTES
}

function hasDirt (at: usize, end: usize): bool {
  for (; at < end; at += 16) {
    const chunk = v128.load(at)
    const escapes = v128.or(i8x16.eq(chunk, i8x16.splat(0x1b)), i8x16.eq(chunk, i8x16.splat(0x23)))
    const found = i8x16.bitmask(v128.or(escapes, i8x16.eq(chunk, i8x16.splat(0))))
    for (let rest = found; rest !== 0; rest &= rest - 1) {
      const one = at + <usize>ctz(rest)
      if (one < end && dirtEnd(one, end) !== 0) return true
    }
  }
  return false
}

function dirtEnd (at: usize, end: usize): usize {
  const byte = load<u8>(at)
  if (byte === 0) return at + 1
  if (byte === 0x1b) at++
  else if (byte === 0x23 && at + 4 <= end && (load<u32>(at) >> 8) === 0x333330) at += 4
  else return 0
  if (at >= end || load<u8>(at) !== 0x5b) return 0
  at++
  for (let i = 0; i < 16 && at < end; i++, at++) {
    const one = load<u8>(at)
    if (one === 0x6d || one === 0x4b) return at + 1
    if (!digit(at) && one !== 0x3b) return 0
  }
  return 0
}

function digits (at: usize, count: i32): bool {
  for (let i = 0; i < count; i++) if (!digit(at + i)) return false
  return true
}

function digit (at: usize): bool {
  return <u32>load<u8>(at) - 0x30 <= 9
}
