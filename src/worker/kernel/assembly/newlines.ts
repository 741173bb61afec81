/**
 * Undoes rsyslog's escapes of newlines and tabs, `#012` and `#011`, in place. Returns where the text ends then. It must
 * be possible to read 16 bytes behind `end`.
 */
export function unescapeNewlines (start: usize, end: usize): usize {
  let at = firstHash(start, end)
  if (at === end) return end
  let to = at
  while (at < end) {
    const word = load<u32>(at)
    const isEscape = at + 4 <= end && (word === NEWLINE || word === TAB)
    store<u8>(to++, isEscape ? (word === NEWLINE ? 0x0a : 0x09) : load<u8>(at))
    at += isEscape ? 4 : 1
  }
  return to
}

/** `#012` and `#011`. */
const NEWLINE: u32 = 0x32313023
const TAB: u32 = 0x31313023

function firstHash (at: usize, end: usize): usize {
  for (; at < end; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0x23)))
    if (found !== 0) return min(at + <usize>ctz(found), end)
  }
  return end
}
