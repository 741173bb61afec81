import { from, to } from './fields'

/**
 * The structured metadata. For each name: address and length of `0x0a length name 0x12` (the head of a LabelPair, up to
 * its value), and the slot of the value.
 */
const MAX_METADATA: u32 = 256
const metadata: usize = memory.data(MAX_METADATA * 12, 4)
let metadataCount: u32 = 0
let maxValueBytes: usize = 0

/** Metadata values cut since the last call of takeCuts(). */
let cuts: u32 = 0

export function setMaxMetadataValue (bytes: usize): void {
  maxValueBytes = bytes
}

export function addMetadata (head: usize, length: u32, slot: u32): void {
  const one = metadata + <usize>metadataCount * 12
  store<u32>(one, <u32>head)
  store<u32>(one, length, 4)
  store<u32>(one, slot, 8)
  metadataCount++
}

/** From now on, only the first `count` of all names are written. */
export function useMetadata (count: u32): void {
  metadataCount = count
}

export function takeCuts (): u32 {
  const count = cuts
  cuts = 0
  return count
}

/**
 * Writes an entry as PushRequest has it in `Stream.entries` (Loki's pkg/push/push.proto). `[start, end)` is the line.
 * Metadata is written where its field has a value.
 *
 *     0x12 length { 0x0a length Timestamp { 0x08 seconds, 0x10 nanos }, 0x12 length line, (0x1a length LabelPair)* }
 *
 * Returns where the entry ends.
 */
export function writeEntry (at: usize, start: usize, end: usize, seconds: f64, nanos: i32): usize {
  const whole = <u64>seconds
  const lineBytes = end - start
  const timestampBytes: usize = 1 + varintSize(whole) + (nanos === 0 ? 0 : 1 + varintSize(nanos))
  at = writeVarint(store1(at, 0x12), 2 + timestampBytes + 1 + varintSize(lineBytes) + lineBytes + metadataSize())
  at = writeVarint(store1(store2(at, 0x0a, <u8>timestampBytes), 0x08), whole)
  if (nanos !== 0) at = writeVarint(store1(at, 0x10), nanos)
  at = writeVarint(store1(at, 0x12), lineBytes)
  copy(at, start, end)
  return writeMetadata(at + lineBytes)
}

function metadataSize (): usize {
  let size: usize = 0
  for (let one = metadata, last = metadata + <usize>metadataCount * 12; one < last; one += 12) {
    const value = valueBytes(load<u32>(one, 8))
    if (value === 0) continue
    const pair = <usize>load<u32>(one, 4) + varintSize(value) + value
    size += 1 + varintSize(pair) + pair
  }
  return size
}

function writeMetadata (at: usize): usize {
  for (let one = metadata, last = metadata + <usize>metadataCount * 12; one < last; one += 12) {
    const slot = load<u32>(one, 8)
    const value = valueBytes(slot)
    if (value === 0) continue
    const start = from(slot)
    if (start + value !== to(slot)) cuts++
    const head: usize = load<u32>(one)
    const headBytes: usize = load<u32>(one, 4)
    at = writeVarint(store1(at, 0x1a), headBytes + varintSize(value) + value)
    copy(at, head, head + headBytes)
    at = writeVarint(at + headBytes, value)
    copy(at, start, start + value)
    at += value
  }
  return at
}

/** Bytes of a field's value as metadata. A value that is too long is cut between two characters. */
function valueBytes (slot: u32): usize {
  const start = from(slot)
  const length = to(slot) - start
  if (length <= maxValueBytes) return length
  let at = start + maxValueBytes
  while (at > start && (load<u8>(at) & 0xc0) === 0x80) at--
  return at - start
}

/**
 * Copies 16 bytes at a time. So it reads up to 15 bytes behind the source, and overwrites as many behind the target.
 */
export function copy (target: usize, start: usize, end: usize): void {
  if (end - start > 512) {
    memory.copy(target, start, end - start)
    return
  }
  for (; start < end; start += 16, target += 16) v128.store(target, v128.load(start))
}

function varintSize (value: u64): usize {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : (70 - <usize>clz(value)) / 7
}

function writeVarint (at: usize, value: u64): usize {
  while (value >= 0x80) {
    store<u8>(at++, <u8>value | 0x80)
    value >>= 7
  }
  return store1(at, <u8>value)
}

function store1 (at: usize, byte: u8): usize {
  store<u8>(at, byte)
  return at + 1
}

function store2 (at: usize, first: u8, second: u8): usize {
  store<u8>(at, first)
  return store1(at + 1, second)
}
