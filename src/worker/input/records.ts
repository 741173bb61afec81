/** Takes the records of a delivery in order, as offsets into its bytes. */
export interface RecordSink {
  record (start: number, end: number): void
  /** Takes bytes that should be a record and are none: an unknown type, a wrong length, a message without a body. */
  bad (start: number, end: number): void
}

const LENGTH_BYTES = 4

/** Reads the delivery of the format `records` in `bytes[start, end)`. Never throws, and never reads beyond `end`. */
export function readRecords (bytes: Uint8Array, start: number, end: number, sink: RecordSink): void {
  let at = start
  while (at < end) {
    const record = at + LENGTH_BYTES
    const next = record > end ? Infinity : record + uint32(bytes, at)
    if (next > end) return sink.bad(at, end)
    sink.record(record, next)
    at = next
  }
}

/** The 32 bits at `at`, big-endian, as a number from 0. They must lie within the bytes. */
export function uint32 (bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
