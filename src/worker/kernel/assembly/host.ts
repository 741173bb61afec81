import { from, HOST, HOSTNAME, isEmpty, set, to } from './fields'

/** How a host is written: without its domain, in small letters. */
let short: bool = false
let lower: bool = false

export function setHostForm (isShort: bool, isLower: bool): void {
  short = isShort
  lower = isLower
}

/** `host` falls back to `hostname`, the key of an older rsyslog template. What names no host counts as absent. */
export function readHost (): void {
  if (isNone(HOST)) {
    if (isNone(HOSTNAME)) set(HOSTNAME, 0, 0)
    set(HOST, from(HOSTNAME), to(HOSTNAME))
  }
  if (short) cutDomain()
  if (lower) {
    for (let at = from(HOST), end = to(HOST); at < end; at++) {
      const byte = load<u8>(at)
      if (<u32>byte - 0x41 < 26) store<u8>(at, byte | 0x20)
    }
  }
}

/** Nothing, `-`, or a placeholder such as `<host>`. */
function isNone (slot: u32): bool {
  if (isEmpty(slot)) return true
  const start = from(slot)
  const first = load<u8>(start)
  return first === 0x2d ? to(slot) - start === 1 : first === 0x3c && load<u8>(to(slot) - 1) === 0x3e
}

/** An IP address has no domain. */
function cutDomain (): void {
  const start = from(HOST)
  const end = to(HOST)
  let dot: usize = 0
  let isName = false
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at)
    if (byte === 0x3a) return
    if (byte === 0x2e) {
      if (dot === 0) dot = at
    } else if (<u32>byte - 0x30 > 9) isName = true
  }
  if (isName && dot > start) set(HOST, start, dot)
}
