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

/**
 * Most messages have no record that continues another. So what a record leaves is only noted, as the places of the
 * three, the level, and whether a traceback is open, and goes into the table when somebody looks there.
 */
const NOTES: u32 = 1024
const notes: usize = memory.data(1024 * 32, 8)
let noted: u32 = 0

export function nextMessage (): void {
  message++
  hasTraceback = false
  noted = 0
}

/** Leaves the level of the present record to those that continue it. */
export function note (level: u32, traceback: bool): void {
  if (noted === NOTES) settleNotes()
  const one = notes + (<usize>noted << 5)
  noted++
  store<u64>(one, place(HOST))
  store<u64>(one, place(SOURCE), 8)
  store<u64>(one, place(FILE), 16)
  store<u32>(one, level, 24)
  store<u32>(one, traceback ? 1 : 0, 28)
  if (traceback) hasTraceback = true
}

/** Puts the notes into the table. Must be called before the values of records of the message are overwritten. */
export function settleNotes (): void {
  for (let one = notes, end = notes + (<usize>noted << 5); one < end; one += 32) {
    const entry = find(load<u64>(one), load<u64>(one, 8), load<u64>(one, 16))
    if (entry !== 0) store<u64>(entry, load<u64>(one, 24), 12)
  }
  noted = 0
}

/** The entry that the present record may continue; 0 where the message has too many. One that is new has no level. */
export function previous (): usize {
  settleNotes()
  return find(place(HOST), place(SOURCE), place(FILE))
}

export function levelBefore (entry: usize): u32 {
  return entry === 0 ? NO_LEVEL : load<u32>(entry, 12)
}

export function isOpen (entry: usize): bool {
  return entry !== 0 && load<u32>(entry, 16) !== 0
}

function find (host: u64, source: u64, file: u64): usize {
  const hash = mix(mix(mix(0x243f6a8885a308d3, host), source), file)
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

/** Where a field's value begins and ends, in one number. */
function place (slot: u32): u64 {
  return <u64>from(slot) | (<u64>to(slot) << 32)
}

/** Two lanes, so that one multiplication need not wait for the other. */
function mix (seed: u64, place: u64): u64 {
  let at = <usize>(<u32>place)
  const end = <usize>(<u32>(place >> 32))
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
