import { GLOBAL_REQUEST_ID, INSTANCE_ID, PID, REQUEST_ID, set } from './fields'
import { isRequestId, isUuid, instance } from './context'
import { CRITICAL, DEBUG, ERROR, INFO, NO_LEVEL, WARNING, wordLevel } from './levels'

/**
 * A log record that is an object in JSON: its level, pid and ids, from the keys of the object itself, of `context` and
 * of `extra`. What the text says never counts. Reads up to the first thing that is no JSON.
 */

/** How much of an object is read: oslo.log's keys stand behind a message and its arguments. */
export const JSON_BYTES: usize = 16384

/** The keys, numbered as in src/worker/formats/json-keys.ts: address and length; and the value found of each. */
const LEVELS: u32 = 5
const S: u32 = 5
const T: u32 = 6
const PROCESS: u32 = 7
const OWN_PID: u32 = 8
const TAGS: u32 = 9
const CONTEXT: u32 = 10
const EXTRA: u32 = 11
const REQUEST: u32 = 12
const GLOBAL: u32 = 13
const INSTANCE: u32 = 14
const INSTANCE_UUID: u32 = 15
const KEYS: u32 = 16
const keys: usize = memory.data(16 * 8, 4)
const found: usize = memory.data(16 * 8, 4)
let keyCount: u32 = 0

export function addJsonKey (key: usize, length: u32): void {
  store<u32>(keys + (<usize>keyCount << 3), <u32>key)
  store<u32>(keys + (<usize>keyCount << 3), length, 4)
  keyCount++
}

export let jsonLevel: u32 = NO_LEVEL

/** Whether the object says something that is wanted. */
export function readJson (start: usize, end: usize): bool {
  memory.fill(found, 0, KEYS << 3)
  object(start, min(end, start + JSON_BYTES), 0)
  jsonLevel = NO_LEVEL
  for (let key: u32 = 0; key < LEVELS && jsonLevel === NO_LEVEL; key++) jsonLevel = textLevel(key)
  if (jsonLevel === NO_LEVEL && from(T) !== 0 && load<u8>(from(T)) === 0x7b && isText(S)) jsonLevel = letterLevel(from(S) + 1, to(S) - 1)
  const hasName = from(0) !== 0
  const tagged = jsonLevel === NO_LEVEL && tagLevel(from(TAGS), to(TAGS))
  const ids = id(REQUEST, REQUEST_ID) | id(GLOBAL, GLOBAL_REQUEST_ID) | readInstance(INSTANCE) | readInstance(INSTANCE_UUID)
  if (jsonLevel === NO_LEVEL && ids === 0) return false
  if (hasName) number(PROCESS)
  else if (tagged) number(OWN_PID)
  return true
}

/** Walks an object. `depth` 0 is the record; 1 is `context` or `extra`. Returns the address behind it, or 0. */
function object (at: usize, end: usize, depth: u32): usize {
  at++
  while (true) {
    at = skip(at, end)
    if (at < end && load<u8>(at) === 0x7d) return at + 1
    if (at < end && load<u8>(at) === 0x2c) at = skip(at + 1, end)
    if (at >= end || load<u8>(at) !== 0x22) return 0
    const key = at + 1
    at = stringEnd(key, end)
    if (at === 0) return 0
    const which = keyOf(key, at - 1)
    at = skip(at, end)
    if (at >= end || load<u8>(at) !== 0x3a) return 0
    at = skip(at + 1, end)
    const value = at
    if (at < end && load<u8>(at) === 0x7b && depth === 0 && (which === CONTEXT || which === EXTRA)) at = object(at, end, 1)
    else at = valueEnd(at, end)
    if (which < KEYS && (which >= REQUEST) === (depth === 1) && from(which) === 0) {
      store<u32>(found + (<usize>which << 3), <u32>value)
      store<u32>(found + (<usize>which << 3), <u32>at, 4)
    }
    if (at === 0) return 0
  }
}

function keyOf (key: usize, keyEnd: usize): u32 {
  for (let one: u32 = 0; one < keyCount; one++) {
    const known = keys + (<usize>one << 3)
    if (load<u32>(known, 4) === <u32>(keyEnd - key) && memory.compare(load<u32>(known), key, keyEnd - key) === 0) return one
  }
  return KEYS
}

/** The address behind a value; 0 where it does not end. */
function valueEnd (at: usize, end: usize): usize {
  let depth = 0
  while (at < end) {
    const byte = load<u8>(at)
    if (byte === 0x22) {
      at = stringEnd(at + 1, end)
      if (at === 0) return 0
      if (depth === 0) return at
      continue
    }
    if (byte === 0x7b || byte === 0x5b) depth++
    if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    }
    if (byte === 0x2c && depth === 0) return at
    at++
  }
  return 0
}

/** The address behind the closing quote; 0 where there is none. */
function stringEnd (at: usize, end: usize): usize {
  while (at < end) {
    const chunk = v128.load(at)
    const special = i8x16.bitmask(v128.or(i8x16.eq(chunk, i8x16.splat(0x22)), i8x16.eq(chunk, i8x16.splat(0x5c))))
    if (special === 0) {
      at += 16
      continue
    }
    at += <usize>ctz(special)
    if (at >= end) return 0
    if (load<u8>(at) === 0x22) return at + 1
    at += 2
  }
  return 0
}

function skip (at: usize, end: usize): usize {
  while (at < end && (load<u8>(at) === 0x20 || load<u8>(at) === 0x09 || load<u8>(at) === 0x0a || load<u8>(at) === 0x0d)) at++
  return at
}

function from (key: u32): usize {
  return load<u32>(found + (<usize>key << 3))
}

function to (key: u32): usize {
  return load<u32>(found + (<usize>key << 3), 4)
}

function isText (key: u32): bool {
  return from(key) !== 0 && to(key) !== 0 && load<u8>(from(key)) === 0x22
}

function textLevel (key: u32): u32 {
  return isText(key) ? wordLevel(from(key) + 1, to(key) - 1) : NO_LEVEL
}

/** The level as MongoDB writes it: a letter, and for what is debugged a digit behind it. */
function letterLevel (start: usize, end: usize): u32 {
  const letter = load<u8>(start)
  if (letter === 0x44 && end - start <= 2) return DEBUG
  if (end - start !== 1) return NO_LEVEL
  switch (letter) {
    case 0x46: return CRITICAL
    case 0x45: return ERROR
    case 0x57: return WARNING
    case 0x49: return INFO
    default: return NO_LEVEL
  }
}

/** OpenSearch Dashboards has its level among the tags. */
function tagLevel (at: usize, end: usize): bool {
  if (at === 0 || end === 0 || load<u8>(at) !== 0x5b) return false
  for (at++; at < end; at++) {
    if (load<u8>(at) !== 0x22) continue
    const behind = stringEnd(at + 1, end)
    if (behind === 0) return false
    jsonLevel = wordLevel(at + 1, behind - 1)
    if (jsonLevel !== NO_LEVEL) return true
    at = behind
  }
  return false
}

function number (key: u32): void {
  const start = from(key)
  let at = start
  if (start === 0 || to(key) === 0) return
  while (at < to(key) && <u32>load<u8>(at) - 0x30 <= 9) at++
  if (at > start && at - start <= 10 && skip(at, to(key)) === to(key)) set(PID, start, at)
}

function id (key: u32, slot: u32): u32 {
  if (!isText(key)) return 0
  const start = from(key) + 1
  const end = to(key) - 1
  if (!isRequestId(start, end) && !isUuid(start, end)) return 0
  set(slot, start, end)
  return 1
}

/** The id of an instance: as it is, or in oslo.log's brackets. */
function readInstance (key: u32): u32 {
  if (!isText(key)) return 0
  const start = from(key) + 1
  if (isUuid(start, to(key) - 1)) {
    set(INSTANCE_ID, start, to(key) - 1)
    return 1
  }
  return instance(start, to(key)) ? 1 : 0
}
