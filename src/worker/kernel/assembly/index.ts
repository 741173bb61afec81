/**
 * The loops over bytes, compiled to WebAssembly: what JavaScript does a byte at a time is done 16 at a time here (SIMD). AssemblyScript,
 * which is TypeScript with WebAssembly's types; src/worker/kernel/kernel.ts is the other side, and says how the memory is laid out.
 *
 * Nothing here allocates, and nothing keeps an address beyond the batch but setup's and the table of streams.
 */
export { scan } from './scan'
export { derive, setWanted } from './derive'
export { addKeySlot, addStream, findStream, forgetStreams, setOrigin, setStreams } from './streams'
export { addMetadata, copy, lineAt, setMaxMetadataValue, takeCuts, writeEntry } from './entry'
export { addKey } from './scan'
export { addLevel } from './levels'
export { fields, setSlots } from './fields'
export { parse as parseTimestamp } from './timestamp'
import { nanos, seconds } from './timestamp'

export function timestampSeconds (): f64 {
  return seconds
}

export function timestampNanos (): i32 {
  return nanos
}

/** Where memory begins that nothing here has claimed. */
export function heapStart (): usize {
  return (__heap_base + 15) & ~15
}
