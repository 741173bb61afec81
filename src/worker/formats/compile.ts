import type { Format } from './format.ts'
import { type Dfa, determine, NO_FORMAT } from './dfa.ts'
import { Nfa } from './nfa.ts'
import { parsePattern } from './syntax.ts'

export interface Automata {
  time: Dfa[]
  line: Dfa[]
  /**
   * For each of the first PREFIX_BYTES bytes, and each value of it: the automata that may go on with it, the lowest bit
   * for the first of `time` and `line`, one behind the other. Most lines are of no format, and this says so.
   */
  prefix: Uint32Array
}

/** As in kernel/assembly/automata.ts. */
const PREFIX_BYTES = 4

/** The automata of each group of formats, in order. A format's number is its place among all of them. */
export function compile (groups: ReadonlyArray<readonly Format[]>): Automata {
  const all = groups.flat()
  const automata = (begins: Format['begins']): Dfa[] => groups.flatMap(group => {
    const patterns = group.filter(format => format.begins === begins && format.kernel !== 'json')
    if (patterns.length === 0) return []
    return [determine(patterns.map(format => ({ format: all.indexOf(format), nfa: new Nfa(parsePattern(format.pattern)) })))]
  })
  const [time, line] = [automata('time'), automata('line')]
  return { time, line, prefix: prefixOf([...time, ...line]) }
}

function prefixOf (automata: readonly Dfa[]): Uint32Array {
  const prefix = new Uint32Array(PREFIX_BYTES * 256)
  for (const [i, { classes, width, cells, passive, active }] of automata.entries()) {
    const accepts = (state: number): boolean => state >= passive && active[state - passive]!.format !== NO_FORMAT
    let states = new Set([0])
    let mayHaveEnded = false
    for (let depth = 0; depth < PREFIX_BYTES; depth++) {
      const next = new Set<number>()
      for (let byte = 0; byte < 256; byte++) {
        const reached = [...states].map(state => cells[state * width + classes[byte]!]!).filter(state => state !== passive)
        for (const state of reached) next.add(state)
        if (mayHaveEnded || reached.length > 0) prefix[depth * 256 + byte]! |= 1 << i
      }
      states = next
      mayHaveEnded ||= [...states].some(accepts)
    }
  }
  return prefix
}
