import { clear, FACILITY, HOST, MESSAGE, MSGID, nuls, PID, PROCID, set, setBare, SEVERITY, SOURCE, STRUCTURED_DATA, TAG, TIMESTAMP } from './fields'
import { arrival, arrivalEnd } from './arrival'
import { BLANK, byteAt, isMark, skipBlanks } from './header-bytes'
import { bsdDate, isoDate } from './header-date'
import { priorityEnd, readPriority } from './priority'
import { readRfc3164 } from './rfc3164'
import { readRfc5424 } from './rfc5424'

/** The answers of readSyslog(), as those of scan(): whether the record's bytes are all ASCII. */
const ASCII: i32 = 1
const IF_UTF8: i32 = 2

/** Where an object begins that is the whole text of the last record; 0 where there is none. */
export let object: usize = 0
/** Whether the last record has a header, so that its text has no blank of its own in front. */
export let headed: bool = false

let peer: usize = 0
let peerEnd: usize = 0

/** The records behind come from this address. */
export function setPeer (start: usize, end: usize): void {
  peer = start
  peerEnd = end
}

/**
 * Fills the fields from a record of syslog in `[start, end)`. What its header lacks is said by the connection: the time
 * of arrival, the peer's address. It must be possible to read 16 bytes behind `end`.
 */
export function readSyslog (start: usize, end: usize): i32 {
  clear()
  setBare()
  end = textEnd(start, end)
  set(TIMESTAMP, arrival, arrivalEnd)
  set(HOST, peer, peerEnd)
  let text = readHeaders(start, end)
  if (headed && byteAt(text, end) === BLANK) text++
  if (isMark(text, end)) text += 3
  set(MESSAGE, text, end)
  object = objectAt(text, end)
  return look(start, end)
}

/** NUL, LF and CR LF at the end are of the frame or of the sender's template. */
function textEnd (start: usize, end: usize): usize {
  while (end > start && load<u8>(end - 1) === 0) end--
  if (end > start && load<u8>(end - 1) === 0x0a) {
    end--
    if (end > start && load<u8>(end - 1) === 0x0d) end--
  }
  return end
}

/** A relay may put its header in front of a whole message: the inner one counts, and not more than three deep. */
const MOST_RELAYS: i32 = 3

/** Returns where the text begins. */
function readHeaders (start: usize, end: usize): usize {
  headed = false
  let at = start
  let relays = 0
  while (true) {
    const message = skipBlanks(at, end)
    const behind = readPriority(message, end)
    const prioritised = behind !== 0
    const from = prioritised ? behind : message
    let text = readRfc5424(from, end, prioritised)
    if (text === 0) text = readRfc3164(from, end, prioritised)
    if (text !== 0 || prioritised) headed = true
    if (text === 0) text = prioritised ? from : at
    const inner = skipBlanks(text, end)
    if (relays++ === MOST_RELAYS || !isMessage(inner, end)) return text
    forget()
    at = inner
  }
}

/** Whether a priority and a header begin here. */
function isMessage (at: usize, end: usize): bool {
  const from = priorityEnd(at, end)
  if (from === 0) return false
  if (bsdDate(from, end) !== 0 || isoDate(from, end, true) !== 0) return true
  return byteAt(from, end) === 0x31 && byteAt(from + 1, end) === BLANK && isoDate(from + 2, end, true) !== 0
}

/** Forgets what a relay's header says of the message. Its host and time stay, where the message has none. */
function forget (): void {
  set(SEVERITY, 0, 0)
  set(FACILITY, 0, 0)
  set(SOURCE, 0, 0)
  set(TAG, 0, 0)
  set(PID, 0, 0)
  set(PROCID, 0, 0)
  set(MSGID, 0, 0)
  set(STRUCTURED_DATA, 0, 0)
}

/** `@cee:`. */
const CEE: u32 = 0x65656340

function objectAt (text: usize, end: usize): usize {
  let at = skipBlanks(text, end)
  if (at + 5 <= end && load<u32>(at) === CEE && load<u8>(at, 4) === 0x3a) at = skipBlanks(at + 5, end)
  return byteAt(at, end) === 0x7b && load<u8>(end - 1) === 0x7d ? at : 0
}

/** Says whether all bytes are ASCII, and notes whether one is NUL. */
function look (start: usize, end: usize): i32 {
  let beyond = false
  for (let at = start; at < end; at += 16) {
    const chunk = v128.load(at)
    const zero = i8x16.bitmask(i8x16.eq(chunk, i8x16.splat(0)))
    const high = i8x16.bitmask(chunk)
    if ((zero | high) === 0) continue
    const within = end - at >= 16 ? 0xffff : (1 << <i32>(end - at)) - 1
    if ((zero & within) !== 0) store<u32>(nuls, 1)
    if ((high & within) !== 0) beyond = true
  }
  return beyond ? IF_UTF8 : ASCII
}
