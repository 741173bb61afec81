import { readFileSync } from 'node:fs'

/** V8 puts nothing else behind memory than so much address space that cannot be touched. */
const GUARD_BYTES = 4 * 2 ** 30

/**
 * Returns the bytes of all WebAssembly memories of a process. V8 reserves all that 32 bits can address for each, so a
 * memory is what can be written right before a large range that cannot be touched. Returns 0 where there is no /proc.
 */
export function wasmMemoryBytes (pid: number): number {
  let total = 0
  let writable = { end: '', bytes: 0 }
  for (const [, start, end, rights] of maps(pid).matchAll(/^([0-9a-f]+)-([0-9a-f]+) (\S+)/gm)) {
    const bytes = Number.parseInt(end, 16) - Number.parseInt(start, 16)
    if (rights === '---p' && bytes > GUARD_BYTES && writable.end === start) total += writable.bytes
    writable = rights === 'rw-p' ? { end, bytes } : { end: '', bytes: 0 }
  }
  return total
}

function maps (pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
  } catch {
    return ''
  }
}
