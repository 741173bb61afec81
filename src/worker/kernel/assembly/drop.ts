import { find } from './find'
import { from, HOST, LEVEL, MESSAGE, SOURCE, to } from './fields'
import { levelStart, NO_LEVEL, wordLevel } from './levels'

/**
 * The rules that drop records. A rule is a level (NO_LEVEL for any), then address and length of the source, of the
 * host and of a literal of the line, and where the rarest two bytes of that are. The length is 0 where the rule does
 * not ask.
 */
const MAX_RULES: u32 = 16
const RULE_BYTES: usize = 32
const rules: usize = memory.data(MAX_RULES * 32, 4)
let count: u32 = 0

export function addDropRule (
  level: u32, source: usize, sourceLength: u32, host: usize, hostLength: u32, text: usize, textLength: u32, rare: u32
): void {
  const rule = rules + <usize>count * RULE_BYTES
  store<u32>(rule, level)
  store<u32>(rule, <u32>source, 4)
  store<u32>(rule, sourceLength, 8)
  store<u32>(rule, <u32>host, 12)
  store<u32>(rule, hostLength, 16)
  store<u32>(rule, <u32>text, 20)
  store<u32>(rule, textLength, 24)
  store<u32>(rule, rare, 28)
  count++
}

/** The first rule all of whose conditions hold for the record, whose fields are derived; -1 where there is none. */
export function dropRule (): i32 {
  for (let i: u32 = 0; i < count; i++) {
    const rule = rules + <usize>i * RULE_BYTES
    const level = load<u32>(rule)
    if (level !== NO_LEVEL && level !== recordLevel()) continue
    if (!isValue(SOURCE, load<u32>(rule, 4), load<u32>(rule, 8)) || !isValue(HOST, load<u32>(rule, 12), load<u32>(rule, 16))) continue
    const text = load<u32>(rule, 24)
    if (text === 0 || find(load<u32>(rule, 20), text, load<u32>(rule, 28), from(MESSAGE), to(MESSAGE)) !== 0) return i
  }
  return -1
}

/** A level that was derived is one of the names themselves. That of a key is a word in any case. */
function recordLevel (): u32 {
  const start = from(LEVEL)
  for (let level: u32 = 0; level < NO_LEVEL; level++) if (levelStart(level) === start) return level
  return wordLevel(start, to(LEVEL))
}

function isValue (slot: u32, value: usize, length: usize): bool {
  const start = from(slot)
  return length === 0 || (to(slot) - start === length && memory.compare(start, value, length) === 0)
}
