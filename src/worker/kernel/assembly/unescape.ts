import { nuls } from './fields'
import { beyondAsciiBefore, specials } from './specials'

/** The byte that each letter behind a backslash stands for (RFC 8259, 7); 0 where JSON has no such escape. */
const plain: usize = memory.data(256)
store<u8>(plain + 0x22, 0x22)
store<u8>(plain + 0x5c, 0x5c)
store<u8>(plain + 0x2f, 0x2f)
store<u8>(plain + 0x62, 0x08)
store<u8>(plain + 0x66, 0x0c)
store<u8>(plain + 0x6e, 0x0a)
store<u8>(plain + 0x72, 0x0d)
store<u8>(plain + 0x74, 0x09)

/** The address of the closing quote. */
export let unescapeEnd: usize = 0
/** Not 0 where a byte outside the escapes is beyond ASCII. */
export let unescapeBeyond: u32 = 0

/**
 * Unescapes the text of a JSON string in place, from its first escape at `at` on. The result is never longer. Returns
 * where the text ends. Returns 0 where there is no closing quote before `end`, or something that JSON does not allow,
 * or a `\uD800`..`\uDFFF`: halves of surrogate pairs are rare in logs, and left to JSON.parse.
 */
export function unescape (at: usize, end: usize): usize {
  unescapeBeyond = 0
  let to = at
  while (true) {
    const byte = load<u8>(at)
    if (byte === 0x22) {
      unescapeEnd = at
      return to
    }
    // A run of plain text ends in front of a quote, an escape, or a byte that is not allowed.
    if (byte !== 0x5c || at + 1 >= end) return 0
    const letter = load<u8>(at, 1)
    if (letter === 0x75) {
      if (at + 6 > end) return 0
      const code = (hex(load<u8>(at, 2)) << 12) | (hex(load<u8>(at, 3)) << 8) | (hex(load<u8>(at, 4)) << 4) | hex(load<u8>(at, 5))
      if (code < 0 || (code >= 0xd800 && code < 0xe000)) return 0
      if (code === 0) store<u32>(nuls, 1)
      at += 6
      to = writeUtf8(to, code)
    } else {
      const stands = load<u8>(plain + letter)
      if (stands === 0) return 0
      store<u8>(to++, stands)
      at += 2
    }
    while (true) {
      const chunk = v128.load(at)
      const special = specials(chunk)
      unescapeBeyond |= beyondAsciiBefore(special, chunk)
      if (special === 0) {
        if (at + 16 > end) return 0
        v128.store(to, chunk)
        at += 16
        to += 16
      } else {
        const run = <usize>ctz(special)
        if (at + run >= end) return 0
        // The store writes 16 bytes. The bytes behind the run have not been read yet, so they are put back.
        const rest = v128.load(at + run)
        v128.store(to, chunk)
        v128.store(at + run, rest)
        at += run
        to += run
        break
      }
    }
  }
}

function writeUtf8 (to: usize, code: i32): usize {
  if (code < 0x80) {
    store<u8>(to, <u8>code)
    return to + 1
  }
  if (code < 0x800) {
    store<u8>(to, <u8>(0xc0 | (code >> 6)))
    store<u8>(to, <u8>(0x80 | (code & 0x3f)), 1)
    return to + 2
  }
  store<u8>(to, <u8>(0xe0 | (code >> 12)))
  store<u8>(to, <u8>(0x80 | ((code >> 6) & 0x3f)), 1)
  store<u8>(to, <u8>(0x80 | (code & 0x3f)), 2)
  return to + 3
}

/** -1 where the byte is no hexadecimal digit. All bits of -1 are set, so its sign survives the shifts and ors. */
function hex (byte: u8): i32 {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
