/**
 * The fields of one record. A slot holds the address of the first byte of its value, and of the byte behind its last;
 * both are 0 where the record has no such field. The numbers of these slots are those of src/worker/input/fields.ts.
 */
export const TIMESTAMP: u32 = 0
export const MESSAGE: u32 = 1
export const HOST: u32 = 2
export const HOSTNAME: u32 = 3
export const SEVERITY: u32 = 4
export const TAG: u32 = 5
export const LEVEL: u32 = 6
export const PID: u32 = 7
export const REQUEST_ID: u32 = 8
export const GLOBAL_REQUEST_ID: u32 = 9
export const INSTANCE_ID: u32 = 10
export const FILE: u32 = 11
export const SOURCE: u32 = 12
export const FACILITY: u32 = 13
export const STRUCTURED_DATA: u32 = 14
export const MSGID: u32 = 15
export const PROCID: u32 = 16

export const MAX_SLOTS: u32 = 256
export const fields: usize = memory.data(MAX_SLOTS * 8, 8)
export let slotCount: u32 = 0

/** Not 0 where a value of the record may hold a NUL. */
export const nuls: usize = memory.data(4, 4)

export function setSlots (count: u32): void {
  slotCount = count
}

/** Whether a blank in front of the message is its own, and none of syslog's. */
export let bare: bool = false

export function setBare (): void {
  bare = true
}

export function clear (): void {
  bare = false
  memory.fill(fields, 0, slotCount << 3)
  store<u32>(nuls, 0)
}

export function from (slot: u32): usize {
  return load<u32>(fields + (<usize>slot << 3))
}

export function to (slot: u32): usize {
  return load<u32>(fields + (<usize>slot << 3), 4)
}

export function set (slot: u32, start: usize, end: usize): void {
  store<u32>(fields + (<usize>slot << 3), <u32>start)
  store<u32>(fields + (<usize>slot << 3), <u32>end, 4)
}

/** For labels and metadata, a field that is absent and one that is empty are the same. */
export function isEmpty (slot: u32): bool {
  return from(slot) === to(slot)
}
