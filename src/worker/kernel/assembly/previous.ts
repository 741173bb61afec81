import { FILE, from, HOST, SOURCE, to } from './fields'
import { NO_LEVEL } from './levels'

/**
 * The level of the last record of each host, source and file in the message, for the records that continue it. An entry
 * is the hash of the three, the message that it is of, the level, and whether a traceback is open.
 */
const SLOTS: u32 = 1024
const entries: usize = memory.data(1024 * 24, 8)
const MOST_TRIES: u32 = 16
let message: u32 = 1
/** Whether the message has a traceback. */
export let hasTraceback: bool = false

export function nextMessage (): void {
  message++
  hasTraceback = false
}

/** The entry of the record; 0 where the message has too many. One that is new has no level. */
export function previous (): usize {
  const hash = mix(mix(mix(0x243f6a8885a308d3, HOST), SOURCE), FILE)
  for (let i: u32 = 0; i < MOST_TRIES; i++) {
    const entry = entries + <usize>((<u32>(hash >> 32) + i) & (SLOTS - 1)) * 24
    if (load<u32>(entry, 8) !== message) {
      store<u64>(entry, hash)
      store<u32>(entry, message, 8)
      store<u32>(entry, NO_LEVEL, 12)
      store<u32>(entry, 0, 16)
      return entry
    }
    if (load<u64>(entry) === hash) return entry
  }
  return 0
}

export function levelBefore (entry: usize): u32 {
  return entry === 0 ? NO_LEVEL : load<u32>(entry, 12)
}

export function isOpen (entry: usize): bool {
  return entry !== 0 && load<u32>(entry, 16) !== 0
}

export function remember (entry: usize, level: u32, traceback: bool): void {
  if (entry === 0) return
  store<u32>(entry, level, 12)
  store<u32>(entry, traceback ? 1 : 0, 16)
  if (traceback) hasTraceback = true
}

/** Two lanes, so that one multiplication need not wait for the other. */
function mix (seed: u64, slot: u32): u64 {
  const end = to(slot)
  let at = from(slot)
  let one = seed ^ (<u64>(end - at) * 0x9e3779b97f4a7c15)
  let two = seed
  for (; at + 16 <= end; at += 16) {
    one = (one ^ load<u64>(at)) * 0x9e3779b97f4a7c15
    two = (two ^ load<u64>(at, 8)) * 0xd6e8feb86659fd93
    one ^= one >> 29
    two ^= two >> 31
  }
  if (at < end) {
    const rest = end - at
    one = (one ^ (load<u64>(at) & lowBytes(min(rest, 8)))) * 0x9e3779b97f4a7c15
    if (rest > 8) two = (two ^ (load<u64>(at, 8) & lowBytes(rest - 8))) * 0xd6e8feb86659fd93
  }
  const both = (one ^ (one >> 32)) * 0xd6e8feb86659fd93 ^ (two ^ (two >> 32)) * 0x9e3779b97f4a7c15
  return both ^ (both >> 32)
}

function lowBytes (count: usize): u64 {
  return count >= 8 ? 0xffffffffffffffff : (<u64>1 << (<u64>count << 3)) - 1
}
