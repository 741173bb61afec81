/**
 * Finds a literal of `length` bytes in `[start, end)`: its first place, or 0. Looks at 16 places at a time, for the two
 * bytes of the literal at `rare`, which are the rarest. It must be possible to read 16 bytes behind `end`.
 */
export function find (literal: usize, length: usize, rare: usize, start: usize, end: usize): usize {
  if (start + length > end) return 0
  const first = i8x16.splat(load<u8>(literal + rare))
  const second = i8x16.splat(load<u8>(literal + rare + 1))
  const last = end - length
  for (let at = start; at <= last; at += 16) {
    let found = i8x16.bitmask(v128.and(i8x16.eq(v128.load(at + rare), first), i8x16.eq(v128.load(at + rare + 1), second)))
    for (; found !== 0; found &= found - 1) {
      const place = at + <usize>ctz(found)
      if (place > last) return 0
      if (memory.compare(place, literal, length) === 0) return place
    }
  }
  return 0
}
