import { type RecordSink, uint32 } from './records.ts'

/**
 * Finds the records in the bytes of an AMQP 1.0 message without decoding it (OASIS AMQP 1.0, part 1 for the type
 * encodings, part 3.2 for the sections). A record is a string, symbol or binary in the body. It stands by itself, in
 * lists of any depth, in an array, or as a data section. All sections outside the body are skipped by their length.
 */

/** No log record is nested deeper than this. What lies deeper is bad. */
const MAX_DEPTH = 32

const DATA = 0x75
const SEQUENCE = 0x76
const VALUE = 0x77

/** Reads the message in `bytes[start, end)`. Never throws, and never reads beyond `end`. */
export function readBody (bytes: Uint8Array, start: number, end: number, sink: RecordSink): void {
  let at = start
  let bodies = 0
  while (at < end) {
    const section = sectionCode(bytes, at, end)
    const value = section < 0 ? -1 : at + descriptorSize(bytes, at)
    if (value < 0 || sizeOf(bytes, value, end) < 0) {
      // A list that is cut off may still hold whole records: readValue hands these on, then the rest as bad.
      if ((section === VALUE || section === SEQUENCE) && value < end) readValue(bytes, value, end, sink)
      else sink.bad(at, end)
      return
    }
    const next = value + sizeOf(bytes, value, end)
    if (section === DATA || section === SEQUENCE || section === VALUE) {
      bodies++
      readValue(bytes, value, next, sink)
    } else if (section < 0x70 || section > 0x78) {
      sink.bad(at, next)
      bodies++
    }
    at = next
  }
  if (bodies === 0) sink.bad(start, end)
}

/** The code of the section at `at`: 0 where its descriptor is unknown, -1 where there is no descriptor. */
function sectionCode (bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== 0x00 || at + 3 > end) return -1
  const size = sizeOf(bytes, at + 1, end)
  if (size < 0) return -1
  switch (bytes[at + 1]) {
    case 0x53: return bytes[at + 2]!
    case 0x80: return bytes.subarray(at + 2, at + 9).some(byte => byte !== 0) ? 0 : bytes[at + 9]!
    case 0xa3: return namedSection(bytes, at + 3, at + 1 + size)
    case 0xb3: return namedSection(bytes, at + 6, at + 1 + size)
    default: return 0
  }
}

function namedSection (bytes: Uint8Array, start: number, end: number): number {
  // A symbol may have any length. One that is longer than the longest name is none of them.
  return end - start > 40 ? 0 : SECTION_SYMBOLS.get(String.fromCharCode(...bytes.subarray(start, end))) ?? 0
}

const SECTION_SYMBOLS = new Map([
  ['amqp:header:list', 0x70], ['amqp:delivery-annotations:map', 0x71], ['amqp:message-annotations:map', 0x72],
  ['amqp:properties:list', 0x73], ['amqp:application-properties:map', 0x74], ['amqp:data:binary', DATA],
  ['amqp:amqp-sequence:list', SEQUENCE], ['amqp:amqp-value:*', VALUE], ['amqp:footer:map', 0x78]
])

/** Bytes of the `0x00` and of the descriptor behind it. Called only where sectionCode found both whole. */
function descriptorSize (bytes: Uint8Array, at: number): number {
  return 1 + sizeOf(bytes, at + 1, bytes.length)
}

/** Bytes of the value at `at` with its constructor (AMQP 1.0, 1.2), or -1 where it would end beyond `end`. */
function sizeOf (bytes: Uint8Array, at: number, end: number): number {
  let prefix = 0
  // A described value is a descriptor, and then the value. Descriptors within descriptors are legal, but nobody sends
  // many.
  for (let depth = 0; at + prefix < end && bytes[at + prefix] === 0x00; depth++) {
    if (depth === MAX_DEPTH || bytes[at + prefix + 1] === 0x00) return -1
    const descriptor = sizeOf(bytes, at + prefix + 1, end)
    if (descriptor < 0) return -1
    prefix += 1 + descriptor
  }
  const code = at + prefix
  if (code >= end) return -1
  const size = prefix + plainSize(bytes, code, end)
  return size < prefix || at + size > end ? -1 : size
}

function plainSize (bytes: Uint8Array, at: number, end: number): number {
  switch (bytes[at]! >> 4) {
    case 0x4: return 1
    case 0x5: return 2
    case 0x6: return 3
    case 0x7: return 5
    case 0x8: return 9
    case 0x9: return 17
    case 0xa: case 0xc: case 0xe: return at + 2 > end ? -1 : 2 + bytes[at + 1]!
    case 0xb: case 0xd: case 0xf: return at + 5 > end ? -1 : 5 + uint32(bytes, at + 1)
    default: return -1
  }
}

/**
 * Walks one value of the body. Arrays hold the stack of open lists, so that depth costs no call frames: the list at
 * depth d ends at `ends[d]` and has `left[d]` elements to come. Count and bytes may disagree. Bytes behind the last
 * element, or an element that does not fit, are bad up to the end of the list; the walk goes on behind that list.
 */
function readValue (bytes: Uint8Array, start: number, end: number, sink: RecordSink): void {
  const ends = [end]
  const left = [1]
  let at = start
  while (left.length > 0) {
    const depth = left.length - 1
    const limit = ends[depth]!
    if (left[depth] === 0 || at === limit) {
      if (at < limit) sink.bad(at, limit)
      at = limit
      left.pop()
      ends.pop()
      continue
    }
    left[depth]!--
    while (at < limit && bytes[at] === 0x00 && sizeOf(bytes, at, limit) > 0) at += 1 + sizeOf(bytes, at + 1, limit)
    const size = plainSize(bytes, at, limit)
    const cut = size < 0 || at + size > limit
    const header = listHeader(bytes[at]!)
    const listEnd = cut ? limit : at + size
    if (header > 0 && at + header <= listEnd && depth < MAX_DEPTH) {
      ends.push(listEnd)
      left.push(header === 9 ? uint32(bytes, at + 5) : bytes[at + 2]!)
      at += header
    } else if (cut) {
      sink.bad(at, limit)
      at = limit
    } else {
      leaf(bytes, at, at + size, sink)
      at += size
    }
  }
}

function listHeader (code: number): number {
  return code === 0xd0 ? 9 : code === 0xc0 ? 3 : 0
}

/** Reads a value that is no list: a record, nothing (null, list0), an array of records, or bad. */
function leaf (bytes: Uint8Array, at: number, end: number, sink: RecordSink): void {
  switch (bytes[at]) {
    case 0xa0: case 0xa1: case 0xa3: sink.record(at + 2, end); break
    case 0xb0: case 0xb1: case 0xb3: sink.record(at + 5, end); break
    case 0x40: case 0x45: break
    case 0xe0: case 0xf0: readArray(bytes, at, end, sink); break
    default: sink.bad(at, end)
  }
}

/** An array has one constructor for all its elements. Only arrays of strings, symbols and binaries hold records. */
function readArray (bytes: Uint8Array, start: number, end: number, sink: RecordSink): void {
  const wide = bytes[start] === 0xf0
  const header = wide ? 10 : 4
  if (start + header > end) return sink.bad(start, end)
  const count = wide ? uint32(bytes, start + 5) : bytes[start + 2]!
  const code = bytes[start + header - 1]
  const narrowElement = code === 0xa0 || code === 0xa1 || code === 0xa3
  if (count > 0 && !narrowElement && code !== 0xb0 && code !== 0xb1 && code !== 0xb3) return sink.bad(start, end)
  const prefix = narrowElement ? 1 : 4
  let at = start + header
  for (let i = 0; i < count; i++) {
    const length = at + prefix > end ? -1 : narrowElement ? bytes[at]! : uint32(bytes, at)
    if (length < 0 || at + prefix + length > end) return sink.bad(at, end)
    sink.record(at + prefix, at + prefix + length)
    at += prefix + length
  }
  if (at !== end) sink.bad(at, end)
}
