/** Indexes of Grafana's names for levels, in the order of LEVELS in src/worker/input/fields.ts. */
export const CRITICAL: u32 = 0
export const ERROR: u32 = 1
export const WARNING: u32 = 2
export const INFO: u32 = 3
export const DEBUG: u32 = 4
export const NO_LEVEL: u32 = 5

/** The address of the first byte of each name, and of the byte behind its last. */
const names: usize = memory.data(5 * 8, 8)
let count: u32 = 0

export function addLevel (name: usize, length: u32): void {
  store<u32>(names + (<usize>count << 3), <u32>name)
  store<u32>(names + (<usize>count << 3), <u32>name + length, 4)
  count++
}

export function levelStart (level: u32): usize {
  return load<u32>(names + (<usize>level << 3))
}

export function levelEnd (level: u32): usize {
  return load<u32>(names + (<usize>level << 3), 4)
}

/** The words for levels, in lower case: address, length, level. */
const MAX_WORDS: u32 = 64
const words: usize = memory.data(MAX_WORDS * 12, 4)
let wordCount: u32 = 0

export function addLevelWord (word: usize, length: u32, level: u32): void {
  const one = words + <usize>wordCount * 12
  store<u32>(one, <u32>word)
  store<u32>(one, length, 4)
  store<u32>(one, level, 8)
  wordCount++
}

/** The level of a word, in any case. */
export function wordLevel (start: usize, end: usize): u32 {
  for (let one = words, last = words + <usize>wordCount * 12; one < last; one += 12) {
    const length: usize = load<u32>(one, 4)
    if (end - start !== length) continue
    const word: usize = load<u32>(one)
    let i: usize = 0
    while (i < length && (load<u8>(start + i) | 0x20) === load<u8>(word + i)) i++
    if (i === length) return load<u32>(one, 8)
  }
  return NO_LEVEL
}

/** The level of a severity (RFC 5424), one digit from 0 to 7 or a word. */
export function severityLevel (start: usize, end: usize): u32 {
  if (end - start !== 1) return wordLevel(start, end)
  switch (load<u8>(start)) {
    case 0x30: case 0x31: case 0x32: return CRITICAL
    case 0x33: return ERROR
    case 0x34: return WARNING
    case 0x35: case 0x36: return INFO
    case 0x37: return DEBUG
    default: return NO_LEVEL
  }
}
