import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import type { Kernel } from '../kernel/kernel.ts'
import type { Automata } from './compile.ts'
import type { Dfa } from './dfa.ts'
import { JSON_KEYS } from './json-keys.ts'
import { LEVEL_WORDS, LEVELS } from './levels.ts'
import { FORMATS } from './table.ts'

/** Flags of a format, as in kernel/assembly/automata.ts. */
const UNTIMED = 1
const WRAPS = 2
const OPENS = 4

/** Compiled by the build (write.ts). The file lies beside this one, in each folder that this one is built into. */
const AUTOMATA = deserialize(readFileSync(new URL('./automata.bin', import.meta.url))) as Automata

/** Puts the formats, the names of levels and the keys of JSON into the kernel. */
export function loadFormats (kernel: Kernel): void {
  const { run } = kernel
  for (const [index, level] of LEVELS.entries()) {
    const name = kernel.text(level)
    run.addLevel(name.at, name.length)
    for (const one of LEVEL_WORDS[level]) {
      const word = kernel.text(one)
      run.addLevelWord(word.at, word.length, index)
    }
  }
  for (const one of JSON_KEYS) {
    const key = kernel.text(one)
    run.addJsonKey(key.at, key.length)
  }
  for (const { within = Infinity, untimed, wraps, opens } of FORMATS) {
    const flags = (untimed === true ? UNTIMED : 0) | (wraps === true ? WRAPS : 0) | (opens === true ? OPENS : 0)
    run.addFormat(Math.min(within, 2 ** 31 - 1), flags)
  }
  run.setHandWritten(FORMATS.findIndex(({ kernel }) => kernel === 'oslo'), FORMATS.findIndex(({ kernel }) => kernel === 'json'))
  for (const automaton of AUTOMATA.time) loadAutomaton(kernel, automaton, true)
  for (const automaton of AUTOMATA.line) loadAutomaton(kernel, automaton, false)
  run.setPrefix(place(kernel, AUTOMATA.prefix))
}

/** Puts numbers into the kernel's memory, and returns their address. */
function place (kernel: Kernel, { buffer, byteOffset, byteLength }: Uint8Array | Uint16Array | Uint32Array | Int32Array): number {
  return kernel.text(new Uint8Array(buffer, byteOffset, byteLength)).at
}

function loadAutomaton (kernel: Kernel, { classes, width, cells, passive, active }: Dfa, timed: boolean): void {
  const states = new Int32Array(active.length * 4)
  const actions: number[] = []
  for (const [i, state] of active.entries()) {
    states.set([state.format, state.level, actions.length / 2, state.actions.length], i * 4)
    for (const { place, behind } of state.actions) actions.push(place, behind)
  }
  const shift = Math.log2(width) + 1
  const [classesAt, cellsAt, statesAt] = [place(kernel, classes), place(kernel, cells), place(kernel, states)]
  kernel.run.addAutomaton(timed, classesAt, cellsAt, shift, passive, statesAt, place(kernel, Int32Array.from(actions)))
}
