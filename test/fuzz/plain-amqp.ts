/**
 * A plain reader of AMQP messages (OASIS AMQP 1.0, parts 1 and 3.2), for comparison. It shares nothing with the
 * program's reader: it copies, it recurses, and it reads only well-formed messages.
 */

/** The message is malformed, or larger or deeper than this reader goes. */
class Odd extends Error {}

/**
 * Returns the records of a message in order, with null for a value that is no record; undefined where the message is
 * malformed.
 */
export function recordsOf (message: Buffer): Array<Buffer | null> | undefined {
  try {
    const records: Array<Buffer | null> = []
    let bodies = 0
    for (let rest = message; rest.length > 0;) {
      // No section has a descriptor that is itself described.
      if (rest[0] !== 0x00 || rest[1] === 0x00) throw new Odd()
      const [descriptor, behind] = read(rest.subarray(1), 0)
      const [value, next] = read(behind, 0)
      const section = SECTIONS.indexOf(descriptor.kind === 'text' && descriptor.symbol
        ? descriptor.bytes.toString('latin1')
        : descriptor.kind === 'ulong'
          ? SECTIONS[descriptor.value - 0x70] ?? ''
          : '')
      if (section < 0) throw new Odd()
      if (section >= 5 && section <= 7) {
        bodies++
        collect(value, records)
      }
      rest = next
    }
    return bodies === 0 ? [null] : records
  } catch (error) {
    if (error instanceof Odd) return undefined
    throw error
  }
}

const SECTIONS = [
  'amqp:header:list', 'amqp:delivery-annotations:map', 'amqp:message-annotations:map', 'amqp:properties:list',
  'amqp:application-properties:map',
  'amqp:data:binary', 'amqp:amqp-sequence:list', 'amqp:amqp-value:*', 'amqp:footer:map'
]

type Value =
  | { kind: 'text', bytes: Buffer, symbol: boolean }
  | { kind: 'items', items: Value[] }
  | { kind: 'ulong', value: number }
  | { kind: 'none' | 'other' }

function collect (value: Value, records: Array<Buffer | null>): void {
  if (value.kind === 'text') records.push(value.bytes)
  else if (value.kind === 'items') for (const item of value.items) collect(item, records)
  else if (value.kind !== 'none') records.push(null)
}

function read (bytes: Buffer, depth: number): [Value, rest: Buffer] {
  if (depth > 30 || bytes.length === 0) throw new Odd()
  if (bytes[0] === 0x00) {
    if (bytes[1] === 0x00) throw new Odd()
    const [, behind] = read(bytes.subarray(1), depth + 1)
    return read(behind, depth + 1)
  }
  return content(bytes[0], bytes.subarray(1), depth)
}

function content (code: number, bytes: Buffer, depth: number): [Value, rest: Buffer] {
  const width = code >= 0xa0 ? ((code >> 4) & 1) === 0 ? 1 : 4 : 0
  const size = width > 0 ? number(bytes, width) : FIXED[code >> 4] ?? -1
  if (size < 0 || width + size > bytes.length) throw new Odd()
  const inside = bytes.subarray(width, width + size)
  const rest = bytes.subarray(width + size)
  if (code === 0x40 || code === 0x45) return [{ kind: 'none' }, rest]
  if (code === 0x53) return [{ kind: 'ulong', value: inside[0] }, rest]
  if (code === 0x80) return [{ kind: 'ulong', value: Number(inside.readBigUInt64BE()) }, rest]
  if (TEXTS.includes(code)) return [{ kind: 'text', bytes: inside, symbol: SYMBOLS.includes(code) }, rest]
  if (code === 0xc0 || code === 0xd0) return [{ kind: 'items', items: list(inside, width, depth) }, rest]
  if (code === 0xe0 || code === 0xf0) return [array(inside, width, depth), rest]
  return [{ kind: 'other' }, rest]
}

const FIXED = [-1, -1, -1, -1, 0, 1, 2, 4, 8, 16]
const SYMBOLS = [0xa3, 0xb3]
const TEXTS = [0xa0, 0xa1, 0xb0, 0xb1, ...SYMBOLS]

function list (bytes: Buffer, width: number, depth: number): Value[] {
  const items: Value[] = []
  let rest = bytes.subarray(width)
  for (let left = number(bytes, width); left > 0; left--) {
    const [item, behind] = read(rest, depth + 1)
    items.push(item)
    rest = behind
  }
  if (rest.length > 0) throw new Odd()
  return items
}

function array (bytes: Buffer, width: number, depth: number): Value {
  const count = number(bytes, width)
  const code = bytes[width]
  if (code === undefined) throw new Odd()
  // An array of another type counts as one value that is no record; an empty one counts as nothing.
  if (!TEXTS.includes(code)) return count > 0 ? { kind: 'other' } : bytes.length === width + 1 ? { kind: 'items', items: [] } : odd()
  const items: Value[] = []
  let rest = bytes.subarray(width + 1)
  for (let left = count; left > 0; left--) {
    const [item, behind] = content(code, rest, depth + 1)
    items.push(item)
    rest = behind
  }
  return rest.length > 0 ? odd() : { kind: 'items', items }
}

function odd (): never {
  throw new Odd()
}

function number (bytes: Buffer, width: number): number {
  if (bytes.length < width) throw new Odd()
  return bytes.readUIntBE(0, width)
}
