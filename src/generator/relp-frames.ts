/** A frame of RELP. Answers have the command `rsp` and the number of the frame that they answer. */
export interface RelpFrame { number: number, command: string, data: string }

const LF = 0x0a
const SPACE = 0x20
const ZERO = 0x30
const NOTHING = Buffer.alloc(0)
/** A header is a number, a command and a length: at most 9, 32 and 9 characters. */
const MOST_HEADER = 52
/** A server answers in a few words, and to `open` in a few lines. */
const MOST_DATA = 64 * 1024

/** The bytes of a frame before its data. Its data end in one more LF, which `TRAILER` has. */
export function relpHeader (number: number, command: string, length: number): Buffer {
  return Buffer.from(length === 0 ? `${number} ${command} 0` : `${number} ${command} ${length} `, 'latin1')
}

export const TRAILER = Buffer.from('\n')

export function relpFrame (number: number, command: string, data = ''): Buffer {
  const bytes = Buffer.from(data)
  return Buffer.concat([relpHeader(number, command, bytes.length), bytes, TRAILER])
}

/** Reads what a server sends, from pieces cut anywhere. Throws where it is not RELP. */
export class RelpReader {
  #rest: Buffer = NOTHING

  /** Gives `take` each frame that is complete with these bytes. */
  read (bytes: Buffer, take: (frame: RelpFrame) => void): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let at = 0
    for (let next = frameAt(all, at); next !== undefined; next = frameAt(all, at)) {
      at = next.end
      take(next.frame)
    }
    this.#rest = all.subarray(at)
  }
}

function frameAt (bytes: Buffer, at: number): { frame: RelpFrame, end: number } | undefined {
  const first = wordEnd(bytes, at)
  const second = first === undefined ? undefined : wordEnd(bytes, first + 1)
  const third = second === undefined ? undefined : wordEnd(bytes, second + 1)
  if (first === undefined || second === undefined || third === undefined) {
    if (bytes.length - at > MOST_HEADER) throw new Error('the server does not speak RELP')
    return undefined
  }
  const number = digits(bytes, at, first)
  const length = digits(bytes, second + 1, third)
  if (length > MOST_DATA) throw new Error(`the server announces ${length} bytes of data`)
  // A frame without data may leave out the blank.
  const start = bytes[third] === LF && length === 0 ? third : third + 1
  const end = start + length
  if (end >= bytes.length) return undefined
  if (bytes[end] !== LF) throw new Error('the server sent a frame that does not end where it should')
  const frame = { number, command: bytes.toString('latin1', first + 1, second), data: bytes.toString('utf8', start, end) }
  return { frame, end: end + 1 }
}

/** Where the next blank or LF is; undefined where it has not come yet. */
function wordEnd (bytes: Buffer, at: number): number | undefined {
  for (let end = at; end < bytes.length; end++) if (bytes[end] === SPACE || bytes[end] === LF) return end
  return undefined
}

function digits (bytes: Buffer, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - ZERO
    if (digit < 0 || digit > 9) throw new Error('the server does not speak RELP')
    value = value * 10 + digit
  }
  if (to === from || to - from > 9) throw new Error('the server does not speak RELP')
  return value
}
