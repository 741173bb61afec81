import { cutLine, unescapes } from './cut-line'
import { derive } from './derive'
import { dropRule } from './drop'
import { FILE, from, isEmpty, MESSAGE, nuls, TIMESTAMP, to } from './fields'
import { mayRedact } from './redact'
import { scan, TAKEN } from './scan'
import { findStream } from './streams'
import { milliseconds, parse } from './timestamp'

/** The times of which Loki takes records, in milliseconds since the epoch. */
let oldestMs: f64 = 0
let newestMs: f64 = 0

export function setWindow (oldest: f64, newest: f64): void {
  oldestMs = oldest
  newestMs = newest
}

/** takeRecord() adds the number of the record's stream to it; -1 where the table has no such stream. */
const READY: i32 = 4

/** takeRecord() subtracts the number of the rule from it that drops the record. */
const DROPPED: i32 = -1

/**
 * Does at once what nearly every record needs: scans it, reads its time, cuts its line, derives its fields and finds
 * its stream. Returns what scan() says where there is anything else to do. The fields are then as scan() has left them.
 */
export function takeRecord (start: usize, end: usize): i32 {
  const scanned = scan(start, end)
  if (scanned !== TAKEN || !isPlain() || !parse(from(TIMESTAMP), to(TIMESTAMP)) || !isTimely() || mayRedact(start, end)) return scanned
  cutLine()
  derive(from(MESSAGE), to(MESSAGE))
  const rule = dropRule()
  return rule < 0 ? READY + findStream() : DROPPED - rule
}

function isPlain (): bool {
  const message = from(MESSAGE)
  return from(TIMESTAMP) !== 0 && message !== 0 && load<u32>(nuls) === 0 && !unescapes && !mayBePiece(message)
}

function isTimely (): bool {
  const ms = milliseconds()
  return ms >= oldestMs && ms <= newestMs
}

/** Whether a T stands where the time of a container's runtime has it: the line may be a piece of a longer one. */
function mayBePiece (message: usize): bool {
  const line = message + usize(load<u8>(message) === 0x20 && isEmpty(FILE))
  return load<u8>(line, 10) === 0x54
}
