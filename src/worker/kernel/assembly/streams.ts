import { from, to } from './fields'

/**
 * Finds the number of a record's stream from the bytes of its label fields, without making strings. This is a hash
 * table whose keys are those bytes. The caller (../../streams/streams.ts) names a stream that is not found, and adds
 * it.
 *
 * An entry of the table: the next entry of its bucket (0: none), the number of the stream, the hash; then for each slot
 * the length of its value, and its bytes, padded to a multiple of 8. Of a longer value, only `maxValueBytes` bytes
 * count, and that it is longer.
 */
const MAX_KEY_SLOTS: u32 = 256
const keySlots: usize = memory.data(MAX_KEY_SLOTS * 4, 4)
let keySlotCount: u32 = 0
let maxValueBytes: usize = 0

let buckets: usize = 0
let bucketMask: u32 = 0
let keysStart: usize = 0
let keysEnd: usize = 0
let keysAt: usize = 0
/** Keeps senders from choosing values that share a bucket. */
let secret: u64 = 0
/** Made of the secret and the origin of the present batch. */
let seed: u64 = 0
let hash: u64 = 0

export const UNKNOWN_STREAM: i32 = -1
const ENTRY_HEAD: usize = 16

/** `bucketCount` is a power of two. Zeroed memory is an empty table. */
export function setStreams (table: usize, bucketCount: u32, keyMemory: usize, keyBytes: usize, valueBytes: usize, secretSeed: u64): void {
  buckets = table
  bucketMask = bucketCount - 1
  keysStart = keysAt = keyMemory
  keysEnd = keyMemory + keyBytes
  maxValueBytes = valueBytes
  seed = secret = secretSeed
}

/**
 * From now on, findStream() and addStream() see streams of this origin only. mix() is a bijection of the hash: for the
 * same words, different seeds give different hashes. An entry is found only where both hash and bytes are equal, so it
 * is never found for another origin. This costs nothing per record.
 */
export function setOrigin (origin: u32): void {
  seed = secret ^ origin
}

export function addKeySlot (slot: u32): void {
  store<u32>(keySlots + (<usize>keySlotCount << 2), slot)
  keySlotCount++
}

export function forgetStreams (): void {
  memory.fill(buckets, 0, <usize>(bucketMask + 1) << 2)
  keysAt = keysStart
}

/** The number of the present record's stream, or UNKNOWN_STREAM. */
export function findStream (): i32 {
  let sum: u64 = 0
  for (let i: u32 = 0; i < keySlotCount; i++) {
    const slot = load<u32>(keySlots + (<usize>i << 2))
    const start = from(slot)
    sum += hashOf(secret + <u64>(i + 1) * 0x9e3779b97f4a7c15, start, counted(start, to(slot)))
  }
  hash = mix(seed, sum)
  for (let entry: usize = load<u32>(buckets + bucket()); entry !== 0; entry = load<u32>(entry)) {
    if (load<u64>(entry, 8) === hash && matches(entry + ENTRY_HEAD)) return load<i32>(entry, 4)
  }
  return UNKNOWN_STREAM
}

/**
 * Each slot's hash has a seed of its own, and none waits for another: the processor works on several at a time. A chain
 * through all of them takes twice the time. The last word has at most seven bytes of the value, and its length.
 */
function hashOf (seed: u64, start: usize, length: usize): u64 {
  let hash = seed
  let at: usize = 0
  for (; at + 8 <= length; at += 8) hash = mix(hash, load<u64>(start + at))
  return mix(hash, (<u64>length << 56) | (at < length ? load<u64>(start + at) & lowBytes(length - at) : 0))
}

/** Adds the stream that findStream() did not find. False where there is no room; nothing is added then. */
export function addStream (number: i32): bool {
  let at = keysAt + ENTRY_HEAD
  for (let i: u32 = 0; i < keySlotCount; i++) {
    const slot = load<u32>(keySlots + (<usize>i << 2))
    const start = from(slot)
    const length = counted(start, to(slot))
    const padded = (length + 7) & ~7
    if (at + 8 + padded > keysEnd) return false
    // Zeroes the last eight bytes, for the padding in them. Where the value is empty, this is the place of its length.
    store<u64>(at + padded, 0)
    store<u64>(at, length)
    memory.copy(at + 8, start, length)
    at += 8 + padded
  }
  const head = buckets + bucket()
  store<u32>(keysAt, load<u32>(head))
  store<i32>(keysAt, number, 4)
  store<u64>(keysAt, hash, 8)
  store<u32>(head, <u32>keysAt)
  keysAt = at
  return true
}

function matches (key: usize): bool {
  for (let i: u32 = 0; i < keySlotCount; i++) {
    const slot = load<u32>(keySlots + (<usize>i << 2))
    const start = from(slot)
    const length = counted(start, to(slot))
    if (load<u64>(key) !== length) return false
    key += 8
    let at: usize = 0
    for (; at + 8 <= length; at += 8) if (load<u64>(key + at) !== load<u64>(start + at)) return false
    if (at < length) {
      if (load<u64>(key + at) !== (load<u64>(start + at) & lowBytes(length - at))) return false
      at += 8
    }
    key += at
  }
  return true
}

/** Bytes of a value that count. One byte more than `maxValueBytes` says that the value is longer. */
function counted (start: usize, end: usize): usize {
  const length = end - start
  return length > maxValueBytes ? maxValueBytes + 1 : length
}

function lowBytes (count: usize): u64 {
  return (<u64>1 << (<u64>count << 3)) - 1
}

/**
 * Multiplies twice. After one multiplication, a change in the highest bits of a word is still in the highest bits: a
 * second word could undo it, whatever the seed. The second multiplication spreads the change.
 */
function mix (hash: u64, word: u64): u64 {
  const product = (hash ^ word) * 0x9e3779b97f4a7c15
  return (product ^ (product >> 32)) * 0xd6e8feb86659fd93
}

/** Uses the upper bits: the lowest bits of a product do not depend on the highest bits of the last word. */
function bucket (): usize {
  return <usize>(<u32>(hash >> 32) & bucketMask) << 2
}
