/**
 * Writes the text of a JSON string (RFC 8259, 7) whose escapes the scanner has already found valid, as UTF-8, to `target`.
 * The result is never longer than the source. Returns its end, or -1 where it holds a `\uD800`..`\uDFFF`: halves of surrogate
 * pairs are rare in logs and left to JSON.parse.
 */
export function unescapeString (source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  for (let i = start; i < end; i++) {
    const byte = source[i]
    if (byte !== 0x5c) {
      target[at++] = byte
      continue
    }
    const escape = source[++i]
    if (escape !== 0x75) {
      target[at++] = SIMPLE[escape]
      continue
    }
    const code = (hex(source[i + 1]) << 12) | (hex(source[i + 2]) << 8) | (hex(source[i + 3]) << 4) | hex(source[i + 4])
    i += 4
    if (code < 0x80) target[at++] = code
    else if (code < 0x800) {
      target[at++] = 0xc0 | (code >> 6)
      target[at++] = 0x80 | (code & 0x3f)
    } else if (code >= 0xd800 && code < 0xe000) return -1
    else {
      target[at++] = 0xe0 | (code >> 12)
      target[at++] = 0x80 | ((code >> 6) & 0x3f)
      target[at++] = 0x80 | (code & 0x3f)
    }
  }
  return at
}

/** Length of the escape at `at` (a backslash), or 0 where JSON allows none such. */
export function escapeLength (source: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return 0
  const escape = source[at + 1]
  if (escape !== 0x75) return SIMPLE[escape] === 0 ? 0 : 2
  if (at + 6 > end) return 0
  for (let i = at + 2; i < at + 6; i++) if (hex(source[i]) < 0) return 0
  return 6
}

/** What the letter behind a backslash stands for; 0 where it stands for nothing. */
const SIMPLE = new Uint8Array(256)
for (const [letter, byte] of [['"', 0x22], ['\\', 0x5c], ['/', 0x2f], ['b', 8], ['f', 12], ['n', 10], ['r', 13], ['t', 9]] as const) {
  SIMPLE[letter.charCodeAt(0)] = byte
}

function hex (byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
