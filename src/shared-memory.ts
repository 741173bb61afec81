/**
 * The first place at or behind `at` where a copy of `source` has the same alignment within a word as `source`. V8
 * copies into and out of shared memory by words only where both sides have the same alignment; else it copies byte by
 * byte. That was a third of the main thread's work, as measured.
 */
export function alignLike (at: number, source: Uint8Array): number {
  return at + ((source.byteOffset - at) & (WORD - 1))
}

/** The most bytes that stay unused in front of a copy. */
export const WORD = 8
