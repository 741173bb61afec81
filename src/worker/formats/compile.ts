import type { Format } from './format.ts'
import { type Dfa, determine } from './dfa.ts'
import { Nfa } from './nfa.ts'
import { parsePattern } from './syntax.ts'

export interface Automata { time: Dfa[], line: Dfa[] }

/** The automata of each group of formats, in order. A format's number is its place among all of them. */
export function compile (groups: ReadonlyArray<readonly Format[]>): Automata {
  const all = groups.flat()
  const automata = (begins: Format['begins']): Dfa[] => groups.flatMap(group => {
    const patterns = group.filter(format => format.begins === begins && format.kernel !== 'json')
    if (patterns.length === 0) return []
    return [determine(patterns.map(format => ({ format: all.indexOf(format), nfa: new Nfa(parsePattern(format.pattern)) })))]
  })
  return { time: automata('time'), line: automata('line') }
}
