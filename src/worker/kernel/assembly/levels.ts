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

/** The level of a severity (RFC 5424), one digit from 0 to 7. */
export function severityLevel (start: usize, end: usize): u32 {
  if (end - start !== 1) return NO_LEVEL
  switch (load<u8>(start)) {
    case 0x30: case 0x31: case 0x32: return CRITICAL
    case 0x33: return ERROR
    case 0x34: return WARNING
    case 0x35: case 0x36: return INFO
    case 0x37: return DEBUG
    default: return NO_LEVEL
  }
}
