/**
 * How long to wait before trying again: doubling from `baseMs` to `maxMs`, of which the last half is left to chance, so
 * that many who lost the same peer do not come back as one.
 */
export function backoffMs (attempt: number, baseMs: number, maxMs: number, random: () => number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30))
  return full / 2 + random() * full / 2
}
