/** A text as a reader of JSON has it: its escapes undone. */
export interface View {
  text: Buffer
  /** Where the byte of the view begins in the bytes that it was made of. Its last number is where these end. */
  origin: Uint32Array
  /** The places of the quotes that begin or end a string. */
  quotes: number[]
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const U = 0x75
const PLAIN = new Map(Array.from('bfnrt"\\/', (letter, i) => [letter.charCodeAt(0), '\b\f\n\r\t"\\/'.charAt(i)]))

/** Undoes the escapes of JSON anywhere in the bytes, which need not be JSON. What is no escape stays as it is. */
export function viewOf (raw: Buffer): View {
  const text = Buffer.allocUnsafe(raw.length)
  const origin = new Uint32Array(raw.length + 1)
  const quotes: number[] = []
  let to = 0
  for (let at = 0; at < raw.length;) {
    const byte = raw[at]!
    if (byte === QUOTE) quotes.push(to)
    const escape = byte === BACKSLASH ? readEscape(raw, at) : undefined
    if (escape === undefined) {
      origin[to] = at++
      text[to++] = byte
      continue
    }
    const end = to + text.write(escape.text, to)
    origin.fill(at, to, end)
    to = end
    at += escape.length
  }
  origin[to] = raw.length
  return { text: text.subarray(0, to), origin: origin.subarray(0, to + 1), quotes }
}

/** Undefined where there is none. A character needs no more bytes than its escape. */
function readEscape (raw: Buffer, at: number): { text: string, length: number } | undefined {
  const plain = PLAIN.get(raw[at + 1] ?? 0)
  if (plain !== undefined) return { text: plain, length: 2 }
  const high = unit(raw, at)
  if (high === undefined) return undefined
  const low = high >= 0xd800 && high < 0xdc00 ? unit(raw, at + 6) : undefined
  if (low !== undefined && low >= 0xdc00 && low < 0xe000) return { text: String.fromCharCode(high, low), length: 12 }
  return { text: String.fromCharCode(high), length: 6 }
}

/** The number of `\uXXXX`. */
function unit (raw: Buffer, at: number): number | undefined {
  if (raw[at] !== BACKSLASH || raw[at + 1] !== U) return undefined
  const digits = raw.toString('latin1', at + 2, at + 6)
  return /^[\da-f]{4}$/i.test(digits) ? parseInt(digits, 16) : undefined
}
