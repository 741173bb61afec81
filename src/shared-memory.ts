/**
 * Where, at `at` or just behind it, a copy of `source` in shared memory is best put. V8 copies into and out of shared memory a word at a
 * time, but only where both sides lie alike within a word; else byte by byte, which was measured to be a third of the main thread's work.
 */
export function placeAlike (at: number, source: Uint8Array): number {
  return at + ((source.byteOffset - at) & (WORD - 1))
}

/** As many bytes may be left out in front of what is placed. */
export const WORD = 8
