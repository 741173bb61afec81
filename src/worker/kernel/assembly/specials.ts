export const QUOTE: u8 = 0x22
export const BACKSLASH: u8 = 0x5c

/** A bit for each byte that ends a run of plain text: a quote, a backslash, or what JSON does not allow in a string. */
export function specials (chunk: v128): u32 {
  return i8x16.bitmask(v128.or(
    v128.or(i8x16.eq(chunk, i8x16.splat(QUOTE)), i8x16.eq(chunk, i8x16.splat(BACKSLASH))),
    i8x16.lt_u(chunk, i8x16.splat(0x20))
  ))
}

/** A bit for each byte beyond ASCII that comes before the first special one; all 16 count where there is none. */
export function beyondAsciiBefore (special: u32, chunk: v128): u32 {
  return i8x16.bitmask(chunk) & ((special & (0 - special)) - 1)
}
