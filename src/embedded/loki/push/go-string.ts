const simpleEscapes: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 }
/** For each letter that begins a numeric escape: how many digits follow, their base, and the largest value. */
const numericEscapes: Record<string, { digits: number, base: number, max: number }> = {
  x: { digits: 2, base: 16, max: 0xff },
  u: { digits: 4, base: 16, max: 0x10ffff },
  U: { digits: 8, base: 16, max: 0x10ffff }
}

export class GoStringError extends Error {}

export interface GoString {
  value: string
  /** The offset behind the closing quote. */
  end: number
}

const unicodeName = (char: string): string => `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')} '${char}'`

/**
 * Reads the string literal whose opening quote is at `start`. It is in double or single quotes with Go's escapes, or
 * raw in back quotes. `\x` and octal escapes give bytes, which may join to a character of UTF-8. Errors have
 * Prometheus' texts.
 */
export function readGoString (text: string, start: number): GoString {
  const quote = text[start]!
  if (quote === '`') {
    const end = text.indexOf('`', start + 1)
    if (end < 0) throw new GoStringError('unterminated raw string')
    return { value: text.slice(start + 1, end), end: end + 1 }
  }
  const parts: string[] = []
  let bytes: number[] = []
  const flushBytes = (): void => {
    if (bytes.length > 0) parts.push(Buffer.from(bytes).toString('utf8'))
    bytes = []
  }
  for (let pos = start + 1; ;) {
    const char = text[pos]
    if (char === undefined || char === '\n') throw new GoStringError('unterminated quoted string')
    if (char === '\ufffd') throw new GoStringError('invalid UTF-8 rune')
    if (char !== '\\') {
      flushBytes()
      if (char === quote) return { value: parts.join(''), end: pos + 1 }
      parts.push(char)
      pos++
      continue
    }
    const escape = readEscape(text, pos + 1, quote)
    if (escape.byte) bytes.push(escape.code)
    else {
      flushBytes()
      parts.push(String.fromCodePoint(escape.code))
    }
    pos = escape.end
  }
}

function readEscape (text: string, at: number, quote: string): { code: number, byte: boolean, end: number } {
  const letter = text[at]
  if (letter === undefined) throw new GoStringError('escape sequence not terminated')
  if (letter === quote) return { code: letter.charCodeAt(0), byte: false, end: at + 1 }
  if (Object.hasOwn(simpleEscapes, letter)) return { code: simpleEscapes[letter]!, byte: false, end: at + 1 }
  const octal = letter >= '0' && letter <= '7'
  const form = octal ? { digits: 3, base: 8, max: 255 } : Object.hasOwn(numericEscapes, letter) ? numericEscapes[letter]! : undefined
  if (form === undefined) throw new GoStringError(`unknown escape sequence ${unicodeName(String.fromCodePoint(text.codePointAt(at)!))}`)
  const first = octal ? at : at + 1
  let code = 0
  for (let pos = first; pos < first + form.digits; pos++) {
    const char = text[pos]
    if (char === undefined) throw new GoStringError('escape sequence not terminated')
    const digit = /[0-9a-fA-F]/.test(char) ? parseInt(char, 16) : form.base
    if (digit >= form.base) {
      throw new GoStringError(`illegal character ${unicodeName(String.fromCodePoint(text.codePointAt(pos)!))} in escape sequence`)
    }
    code = code * form.base + digit
  }
  if (code > form.max || (code >= 0xd800 && code < 0xe000)) throw new GoStringError('escape sequence is an invalid Unicode code point')
  return { code, byte: octal || letter === 'x', end: first + form.digits }
}
