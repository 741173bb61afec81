import { FACILITY, set, SEVERITY } from './fields'
import { byteAt, digitsEnd, isDigit } from './header-bytes'

/** The names of the facilities, as rsyslog writes them: address and length. */
const FACILITIES: u32 = 24
const names: usize = memory.data(24 * 8, 4)
let count: u32 = 0
const severities: usize = memory.data<u8>([0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0, 0, 0, 0, 0, 0, 0, 0])

const MOST_DIGITS: usize = 10

export function addFacility (name: usize, length: u32): void {
  store<u32>(names + (<usize>count << 3), <u32>name)
  store<u32>(names + (<usize>count << 3), length, 4)
  count++
}

/**
 * Behind the priority at `at`: `<13>`. Returns 0 where there is none. One that is empty, too long or too large says
 * nothing, but is no text either.
 */
export function readPriority (at: usize, end: usize): usize {
  if (byteAt(at, end) !== 0x3c) return 0
  const first = at + 1
  const last = digitsEnd(first, end, MOST_DIGITS)
  if (byteAt(last, end) !== 0x3e) return 0
  const digits = last - first
  if (digits === 0 || digits > 3) return last + 1
  let value: u32 = 0
  for (let digit = first; digit < last; digit++) value = value * 10 + load<u8>(digit) - 0x30
  if (value >= FACILITIES << 3) return last + 1
  const severity = severities + <usize>(value & 7)
  set(SEVERITY, severity, severity + 1)
  const facility = names + (<usize>(value >> 3) << 3)
  set(FACILITY, load<u32>(facility), load<u32>(facility) + load<u32>(facility, 4))
  return last + 1
}

/** Behind the priority at `at`, which has digits and is not read; 0 where there is none. */
export function priorityEnd (at: usize, end: usize): usize {
  if (byteAt(at, end) !== 0x3c || !isDigit(byteAt(at + 1, end))) return 0
  const last = digitsEnd(at + 1, end, 3)
  return byteAt(last, end) === 0x3e ? last + 1 : 0
}
