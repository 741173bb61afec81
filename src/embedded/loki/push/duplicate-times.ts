import type { PushColumns } from './push-columns.ts'

/**
 * Loki's `increment_duplicate_timestamp`: an entry of a push that has the time of the one before it in its stream, but
 * another line, is moved to one nanosecond after that one. `entries` are the places of a stream's entries in the push.
 */
export function moveDuplicateTimes (columns: PushColumns, entries: readonly number[], buf: Buffer): void {
  const { seconds, nanos } = columns
  let before = -1
  // The time of the last entry that was not moved.
  let unmovedSeconds = 0
  let unmovedNanos = 0
  for (const entry of entries) {
    const has = (s: number, n: number): boolean => seconds[entry] === s && nanos[entry] === n
    const taken = before >= 0 && (has(unmovedSeconds, unmovedNanos) || has(seconds[before]!, nanos[before]!))
    if (taken && !sameLine(columns, buf, before, entry)) {
      const carry = nanos[before] === 999_999_999
      seconds[entry] = seconds[before]! + (carry ? 1 : 0)
      nanos[entry] = carry ? 0 : nanos[before]! + 1
    } else {
      unmovedSeconds = seconds[entry]!
      unmovedNanos = nanos[entry]!
    }
    before = entry
  }
}

function sameLine ({ lineStart, lineEnd }: PushColumns, buf: Buffer, a: number, b: number): boolean {
  return buf.compare(buf, lineStart[a], lineEnd[a], lineStart[b], lineEnd[b]) === 0
}
