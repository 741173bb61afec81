import {
  CONTEXT, DOMAIN, INNER, INSTANCE, NO_FORMAT, UNTIMED, WRAPS, has, match, matchedLevel, PID as PID_PLACE, place
} from './automata'
import { readContext, readDomain } from './context'
import { INSTANCE_ID, PID, set } from './fields'
import { cleaned, cleanStart, HEAD_BYTES, isProgram, nameEnd, streamEnd, timeEnd } from './front'
import { jsonLevel, readJson } from './json'
import { NO_LEVEL } from './levels'
import { readOslo } from './oslo'

/** The format of the last line; NO_FORMAT where none is known. A format that only wraps another does not count. */
export let recognised: i32 = NO_FORMAT

let osloFormat: i32 = NO_FORMAT
let jsonFormat: i32 = NO_FORMAT

export function setHandWritten (oslo: i32, json: i32): void {
  osloFormat = oslo
  jsonFormat = json
}

/** No line has more wrapped into each other. */
const MAX_DEPTH = 6
const MAX_PID_DIGITS: usize = 10
const BRACE: u8 = 0x7b

/** Reads the level, the pid and the ids of a line. Returns the level, or NO_LEVEL. */
export function readLine (start: usize, end: usize): u32 {
  recognised = NO_FORMAT
  const limit = headEnd(start, end)
  const level = readOslo(start, limit)
  if (level !== NO_LEVEL) {
    recognised = osloFormat
    return level
  }
  if (start < end && load<u8>(start) === BRACE && readJson(start, end)) {
    recognised = jsonFormat
    return jsonLevel
  }
  const cleanEnd = cleaned(start, limit)
  return cleanEnd === 0 ? read(start, limit, end) : read(cleanStart(), cleanEnd, cleanEnd)
}

/** Where the head ends: never within a character, as a value that the head cuts ends there. */
function headEnd (start: usize, end: usize): usize {
  if (end - start <= HEAD_BYTES) return end
  let limit = start + HEAD_BYTES
  for (let i = 0; i < 3 && (load<u8>(limit) & 0xc0) === 0x80; i++) limit--
  return limit
}

/** Where the last time was looked for, and what was found: most places are asked about twice. */
let askedAt: usize = 0
let askedEnd: usize = 0

function timeBehind (at: usize, end: usize): usize {
  if (at !== askedAt) {
    askedAt = at
    askedEnd = timeEnd(at, end)
  }
  return askedEnd
}

/** `limit` is where the head ends, `end` the line. */
function read (at: usize, limit: usize, end: usize): u32 {
  let level: u32 = NO_LEVEL
  askedAt = 0
  for (let depth = 0; depth < MAX_DEPTH && at < limit; depth++) {
    at = unwrap(at, limit)
    if (at < limit && load<u8>(at) === BRACE && readJson(at, end)) {
      recognised = jsonFormat
      return jsonLevel === NO_LEVEL ? level : jsonLevel
    }
    const format = matchAny(at, limit)
    if (format === NO_FORMAT) break
    if (!has(format, WRAPS)) recognised = format
    if (matchedLevel !== NO_LEVEL) level = matchedLevel
    take(format, limit)
    const inner = place(format, INNER)
    if (inner === 0) break
    at = inner
  }
  return level
}

/** Steps over a byte order mark, and over times and stream names that a runtime puts in front of a line. */
function unwrap (at: usize, end: usize): usize {
  if (end - at > 3 && (load<u32>(at) & 0xffffff) === 0xbfbbef) at += 3
  for (let i = 0; i < 3; i++) {
    const behind = timeBehind(at, end)
    if (behind === 0) return at
    const stream = streamEnd(behind, end)
    if (stream !== 0) at = stream
    else if (behind < end && load<u8>(behind) === 0x20 && timeEnd(behind + 1, end) !== 0) at = behind + 1
    else return at
  }
  return at
}

/** Matches a line as it is, or else behind a name and a blank. */
function matchAny (at: usize, end: usize): i32 {
  const format = matchHere(at, end)
  if (format !== NO_FORMAT) return format
  const name = nameEnd(at, end)
  if (name === 0) return NO_FORMAT
  const program = isProgram
  const behind = matchHere(unwrap(name, end), end)
  return behind !== NO_FORMAT && has(behind, UNTIMED) && !program ? NO_FORMAT : behind
}

function matchHere (at: usize, end: usize): i32 {
  const time = timeBehind(at, end)
  return time === 0 ? match(false, at, end) : match(true, time, end)
}

function take (format: i32, end: usize): void {
  const pid = place(format, PID_PLACE)
  const pidEnd = place(format, PID_PLACE + 1)
  if (pid !== 0 && pidEnd > pid && pidEnd - pid <= MAX_PID_DIGITS) set(PID, pid, pidEnd)
  const instance = place(format, INSTANCE)
  if (instance !== 0) set(INSTANCE_ID, instance, place(format, INSTANCE + 1))
  const context = place(format, CONTEXT)
  if (context !== 0) readContext(context, end)
  const domain = place(format, DOMAIN)
  if (domain !== 0) readDomain(domain, end)
}
