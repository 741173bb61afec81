import { NO_LEVEL } from './levels'

/**
 * The automata of the formats (src/worker/formats), each as six numbers: classes of bytes, cells, the shift of
 * a state to its row, the first active state, the active states, their actions. An active state is four numbers: its
 * format or -1, its level or -1, its first action and how many it has. An action is a place, twice, and 1 for the
 * address behind the byte.
 */
const MAX_AUTOMATA: u32 = 32
const automata: usize = memory.data(MAX_AUTOMATA * 24, 4)
let count: u32 = 0
/** The automata that begin behind a time, and the others; a bit for each. */
let timed: u32 = 0
let untimed: u32 = 0

/**
 * For each of the first PREFIX_BYTES bytes, and each value of it: the automata that may go on with it, a bit for each.
 * Each walk that ends early costs a branch that the processor guesses wrong, and most lines are of no format.
 */
const PREFIX_BYTES: usize = 4
let prefix: usize = 0

/** For each format: within how many bytes its pattern must end, and its flags. */
const MAX_FORMATS: u32 = 128
const formats: usize = memory.data(MAX_FORMATS * 8, 4)
let formatCount: u32 = 0

export const UNTIMED: u32 = 1
export const WRAPS: u32 = 2
export const OPENS: u32 = 4

/** For each format and place: the address, and the run that has kept it. */
export const PID: u32 = 0
export const INSTANCE: u32 = 2
export const CONTEXT: u32 = 4
export const DOMAIN: u32 = 5
export const INNER: u32 = 6
const PLACES: u32 = 7
const places: usize = memory.data(MAX_FORMATS * PLACES * 8, 8)
let run: u32 = 0

export const NO_FORMAT: i32 = -1
/** The level of the format that match() has found. */
export let matchedLevel: u32 = NO_LEVEL

const END: usize = 256

export function addAutomaton (isTimed: bool, classes: usize, cells: usize, shift: u32, passive: u32, active: usize, actions: usize): void {
  const one = automata + <usize>count * 24
  store<u32>(one, <u32>classes)
  store<u32>(one, <u32>cells, 4)
  store<u32>(one, shift, 8)
  store<u32>(one, passive, 12)
  store<u32>(one, <u32>active, 16)
  store<u32>(one, <u32>actions, 20)
  const bit: u32 = 1 << count++
  if (isTimed) timed |= bit
  else untimed |= bit
}

export function setPrefix (masks: usize): void {
  prefix = masks
}

export function addFormat (within: u32, flags: u32): void {
  store<u32>(formats + (<usize>formatCount << 3), within)
  store<u32>(formats + (<usize>formatCount << 3), flags, 4)
  formatCount++
}

export function has (format: i32, flag: u32): bool {
  return (load<u32>(formats + (<usize>format << 3), 4) & flag) !== 0
}

/** The address that the last match has kept; 0 where it has none. */
export function place (format: i32, which: u32): usize {
  const at = places + (<usize>(<u32>format * PLACES + which) << 3)
  return load<u32>(at, 4) === run ? <usize>load<u32>(at) : 0
}

/** The first format, in order, that takes what begins at `at`; `isTimed` says whether a time stands in front of it. */
export function match (isTimed: bool, at: usize, end: usize): i32 {
  run++
  let candidates = isTimed ? timed : untimed
  if (at + PREFIX_BYTES <= end) {
    for (let i: usize = 0; i < PREFIX_BYTES; i++) candidates &= load<u32>(prefix + (i << 10) + (<usize>load<u8>(at + i) << 2))
  }
  for (; candidates !== 0; candidates &= candidates - 1) {
    const found = walk(automata + <usize>ctz(candidates) * 24, at, end)
    if (found !== NO_FORMAT) return found
  }
  return NO_FORMAT
}

function walk (automaton: usize, start: usize, end: usize): i32 {
  const classes: usize = load<u32>(automaton)
  const cells: usize = load<u32>(automaton, 4)
  const shift: usize = load<u32>(automaton, 8)
  const passive = load<u32>(automaton, 12)
  let found: i32 = NO_FORMAT
  let state: u32 = 0
  for (let at = start; ; at++) {
    const symbol = at < end ? <usize>load<u8>(at) : END
    state = load<u16>(cells + (<usize>state << shift) + (<usize>load<u8>(classes + symbol) << 1))
    if (state >= passive) {
      if (state === passive) return found
      const active = <usize>load<u32>(automaton, 16) + (<usize>(state - passive) << 4)
      keep(<usize>load<u32>(automaton, 20) + (<usize>load<u32>(active, 8) << 3), load<u32>(active, 12), at)
      const format = load<i32>(active)
      if (format !== NO_FORMAT && at + 1 - start <= <usize>load<u32>(formats + (<usize>format << 3))) {
        found = format
        const level = load<i32>(active, 4)
        matchedLevel = level < 0 ? NO_LEVEL : <u32>level
      }
    }
    if (symbol === END) break
  }
  return found
}

function keep (action: usize, actions: u32, at: usize): void {
  for (let i: u32 = 0; i < actions; i++, action += 8) {
    const one = places + (<usize>load<u32>(action) << 3)
    store<u32>(one, <u32>at + load<u32>(action, 4))
    store<u32>(one, run, 4)
  }
}
