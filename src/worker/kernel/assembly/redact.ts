import { from, slotCount, TIMESTAMP, to } from './fields'
import { find } from './find'

/** The literals of the rules that redact: address, length, and where the rarest two of its bytes are. */
const MAX_RULES: u32 = 16
const literals: usize = memory.data(MAX_RULES * 12, 4)
let count: u32 = 0

/**
 * Which rules have a byte with this lower or upper half as the first or the second of their rarest two: a bit each,
 * and of the ninth rule on one that others have too. A place with a bit in all four tables may have the two bytes of
 * such a rule.
 */
const tables: usize = memory.data(4 * 16, 16)

export function addRedactLiteral (literal: usize, length: u32, rare: u32): void {
  const one = literals + <usize>count * 12
  store<u32>(one, <u32>literal)
  store<u32>(one, length, 4)
  store<u32>(one, rare, 8)
  const bit = <u8>(<u32>1 << (count & 7))
  for (let i: usize = 0; i < 2; i++) {
    const byte = load<u8>(literal + rare + i)
    const low = tables + (i << 5) + <usize>(byte & 15)
    const high = tables + (i << 5) + 16 + <usize>(byte >> 4)
    store<u8>(low, load<u8>(low) | bit)
    store<u8>(high, load<u8>(high) | bit)
  }
  count++
}

/** Whether `[start, end)` has the literal of a rule. All rules together cost as much as one. */
export function mayRedact (start: usize, end: usize): bool {
  return count !== 0 && hasLiteral(start, end)
}

function hasLiteral (start: usize, end: usize): bool {
  const half = i8x16.splat(15)
  const firstLow = v128.load(tables)
  const firstHigh = v128.load(tables, 16)
  const secondLow = v128.load(tables, 32)
  const secondHigh = v128.load(tables, 48)
  for (let at = start; at < end; at += 16) {
    const first = v128.load(at)
    const second = v128.load(at, 1)
    const rules = v128.and(
      v128.and(i8x16.swizzle(firstLow, v128.and(first, half)), i8x16.swizzle(firstHigh, i8x16.shr_u(first, 4))),
      v128.and(i8x16.swizzle(secondLow, v128.and(second, half)), i8x16.swizzle(secondHigh, i8x16.shr_u(second, 4)))
    )
    if (!v128.any_true(rules)) continue
    const places = ~i8x16.bitmask(i8x16.eq(rules, i8x16.splat(0))) & 0xffff
    if (isLiteral(at, places, start, end)) return true
  }
  return false
}

/** Whether a literal has its rarest bytes at one of the places. */
function isLiteral (at: usize, places: u32, start: usize, end: usize): bool {
  for (; places !== 0; places &= places - 1) {
    const place = at + <usize>ctz(places)
    for (let one = literals, last = literals + <usize>count * 12; one < last; one += 12) {
      const begin = place - load<u32>(one, 8)
      const length: usize = load<u32>(one, 4)
      if (begin >= start && begin + length <= end && memory.compare(begin, load<u32>(one), length) === 0) return true
    }
  }
  return false
}

/** Whether a field of the record, its time left out, has the literal of a rule. */
export function mayRedactFields (): bool {
  for (let slot: u32 = TIMESTAMP + 1; slot < slotCount; slot++) {
    const start = from(slot)
    if (start !== to(slot) && mayRedact(start, to(slot))) return true
  }
  return false
}

/** A bit for each rule whose literal `[start, end)` has. */
export function redactRules (start: usize, end: usize): u32 {
  let rules: u32 = 0
  for (let rule: u32 = 0; rule < count; rule++) {
    const one = literals + <usize>rule * 12
    if (find(load<u32>(one), load<u32>(one, 4), load<u32>(one, 8), start, end) !== 0) rules |= <u32>1 << rule
  }
  return rules
}
