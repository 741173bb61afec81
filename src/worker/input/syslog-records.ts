import { type RecordSink, uint32 } from './records.ts'

/** Takes what a delivery of the format `syslog` holds. */
export interface SyslogSink extends RecordSink {
  /** The records behind come from this address; from an unknown one where it is empty. */
  peer (start: number, end: number): void
  /** Takes a record, and the nanoseconds to add to its time. */
  syslogRecord (start: number, end: number, later: number): void
}

const HEAD_BYTES = 8

/** Reads the delivery of the format `syslog` in `bytes[start, end)`. Never throws, and never reads beyond `end`. */
export function readSyslogRecords (bytes: Uint8Array, start: number, end: number, sink: SyslogSink): void {
  let at = start < end ? start + 1 + bytes[start]! : Infinity
  if (at > end) return sink.bad(start, end)
  sink.peer(start + 1, at)
  while (at < end) {
    const record = at + HEAD_BYTES
    const next = record > end ? Infinity : record + uint32(bytes, at)
    if (next > end) return sink.bad(at, end)
    sink.syslogRecord(record, next, uint32(bytes, at + 4))
    at = next
  }
}
