import { GLOBAL_REQUEST_ID, INSTANCE_ID, REQUEST_ID, set } from './fields'

/**
 * What oslo.log writes behind the level: the logger, then `[req-... user project ...]`, `[None req-... ...]` or both
 * ids, the global one first, then `[instance: ...]`. Sets the ids that it finds. It must be possible to read 16 bytes
 * behind `end`.
 */
export function readContext (at: usize, end: usize): void {
  if (at < end && load<u8>(at) === COLON) at++
  at = skip(at, end)
  if (at < end && load<u8>(at) !== OPEN) at = skip(wordEnd(at, end), end)
  readBrackets(at, end)
}

/** `at` is where the brackets may open. */
export function readBrackets (at: usize, end: usize): void {
  if (at >= end || load<u8>(at) !== OPEN || instance(at, end)) return
  const first = at + 1
  const firstEnd = wordEnd(first, end)
  const second = firstEnd < end && load<u8>(firstEnd) === SPACE ? firstEnd + 1 : end
  const secondEnd = wordEnd(second, end)
  const firstKind = kindOf(first, firstEnd)
  const secondKind = kindOf(second, secondEnd)
  if (firstKind === GLOBAL) set(GLOBAL_REQUEST_ID, first + 1, firstEnd)
  if ((firstKind === REQUEST || firstKind === UUID) && secondKind === REQUEST) set(GLOBAL_REQUEST_ID, first, firstEnd)
  if (secondKind === REQUEST || (secondKind === UUID && (firstKind === GLOBAL || firstKind === NONE))) set(REQUEST_ID, second, secondEnd)
  else if (firstKind === REQUEST || firstKind === UUID) set(REQUEST_ID, first, firstEnd)
  const behind = bracketEnd(firstEnd, end) + 1
  if (behind < end && load<u8>(behind) === SPACE) instance(behind + 1, end)
}

/** libvirt names a domain by `uuid=...` anywhere in its text. */
export function readDomain (at: usize, end: usize): void {
  for (; at + 41 <= end; at++) {
    if (load<u32>(at) !== UUID_EQUALS || load<u8>(at, 4) !== EQUALS || !isUuid(at + 5, at + 41)) continue
    set(INSTANCE_ID, at + 5, at + 41)
    return
  }
}

const SPACE: u8 = 0x20
const COLON: u8 = 0x3a
const EQUALS: u8 = 0x3d
const OPEN: u8 = 0x5b
const CLOSE: u8 = 0x5d
/** `uuid`. */
const UUID_EQUALS: u32 = 0x64697575
/** `[instanc` and `e: `. */
const INSTANCE_COLON_LOW: u64 = 0x636e6174736e695b
const INSTANCE_COLON_HIGH: u32 = 0x203a65
/** `req-`, `None`, and `gNon`. */
const REQ: u32 = 0x2d716572
const NONE_WORD: u32 = 0x656e6f4e
const G_NONE: u32 = 0x6e6f4e67

/** What a word in the brackets is. */
const OTHER: u32 = 0
const REQUEST: u32 = 1
/** `g` and an id. */
const GLOBAL: u32 = 2
const UUID: u32 = 3
const NONE: u32 = 4

function kindOf (start: usize, end: usize): u32 {
  if (end <= start) return OTHER
  if (isRequestId(start, end)) return REQUEST
  if (load<u8>(start) === 0x67 && (isRequestId(start + 1, end) || isUuid(start + 1, end))) return GLOBAL
  if (isUuid(start, end)) return UUID
  if (end - start === 4 && load<u32>(start) === NONE_WORD) return NONE
  if (end - start === 5 && load<u32>(start) === G_NONE && load<u8>(start, 4) === 0x65) return NONE
  return OTHER
}

export function isRequestId (start: usize, end: usize): bool {
  return end > start + 4 && end - start <= 64 && load<u32>(start) === REQ
}

export function isUuid (start: usize, end: usize): bool {
  if (end - start !== 36) return false
  for (let i: usize = 0; i < 36; i++) {
    const byte = load<u8>(start + i)
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (byte !== 0x2d) return false
    } else if (<u32>byte - 0x30 > 9 && <u32>(byte | 0x20) - 0x61 > 5) return false
  }
  return true
}

export function instance (at: usize, end: usize): bool {
  if (at + 11 >= end || load<u64>(at) !== INSTANCE_COLON_LOW || (load<u32>(at, 8) & 0xffffff) !== INSTANCE_COLON_HIGH) return false
  const from = at + 11
  const to = wordEnd(from, end)
  if (to === from || to === end || load<u8>(to) !== CLOSE || to - from > 64) return false
  set(INSTANCE_ID, from, to)
  return true
}

function skip (at: usize, end: usize): usize {
  while (at < end && load<u8>(at) === SPACE) at++
  return at
}

export function wordEnd (at: usize, end: usize): usize {
  for (; at < end; at += 16) {
    const chunk = v128.load(at)
    const found = i8x16.bitmask(v128.or(i8x16.eq(chunk, i8x16.splat(SPACE)), i8x16.eq(chunk, i8x16.splat(CLOSE))))
    if (found !== 0) return min(at + <usize>ctz(found), end)
  }
  return end
}

function bracketEnd (at: usize, end: usize): usize {
  for (; at < end; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(CLOSE)))
    if (found !== 0) return min(at + <usize>ctz(found), end)
  }
  return end
}
