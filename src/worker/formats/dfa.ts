import { AMBIGUOUS, type Nfa, NO_LEVEL, PLACES, type Reached } from './nfa.ts'
import { END, SYMBOLS } from './syntax.ts'

/** A place that is kept on the way into a state: that of the byte, or the one `behind` it. */
export interface Action { place: number, behind: 0 | 1 }

/** A state in which places are kept, a format ends with its level, or nothing can come any more. */
export interface ActiveState { actions: Action[], format: number, level: number }

/**
 * The deterministic automaton of several formats. One step a byte, whatever the formats and the line: `cells` has a row
 * of `width` numbers for each state, and in it for each class of bytes the state behind it. States from `passive` on
 * are active; the first of them is the end, where no format goes on. The automaton begins in state 0.
 */
export interface Dfa {
  classes: Uint8Array
  width: number
  passive: number
  cells: Uint16Array
  active: ActiveState[]
}

export const NO_FORMAT = -1

/** One way through a pattern: the state that waits for a byte, the tags in front of it, and the level up to there. */
interface Item extends Reached { format: number }
interface State extends ActiveState { items: Item[], row: number[] }

/** `formats` has the index of each pattern's format, in the order of their precedence. */
export function determine (patterns: ReadonlyArray<{ format: number, nfa: Nfa }>): Dfa {
  const nfas = new Map(patterns.map(({ format, nfa }) => [format, nfa]))
  const { classes, symbols } = classesOf([...nfas.values()].flatMap(nfa => nfa.sets()))
  const states: State[] = []
  const known = new Map<string, number>()
  const add = (state: Omit<State, 'row'>): number => {
    const key = keyOf(state)
    const before = known.get(key)
    if (before !== undefined) return before
    known.set(key, states.length)
    return states.push({ ...state, row: [] }) - 1
  }
  const items = patterns.flatMap(({ format, nfa }) => nfa.closure(nfa.start).waiting.map(reached => ({ format, ...reached })))
  add({ items, actions: [], format: NO_FORMAT, level: NO_LEVEL })
  for (const state of states) {
    const nexts = new Map<string, number>()
    state.row = symbols.map(symbol => {
      let ways = ''
      const items = state.items.filter((item, i) => {
        const takes = nfas.get(item.format)!.takes(item.state, symbol)
        if (takes) ways += `${i},`
        return takes
      })
      const next = nexts.get(ways) ?? add(step(items, nfas))
      nexts.set(ways, next)
      return next
    })
  }
  return numbered(states, classes, symbols.length)
}

function keyOf ({ items, actions, format, level }: Omit<State, 'row'>): string {
  const waiting = items.map(item => `${item.format}:${item.state}:${item.tags.join()}:${item.level}`)
  return [waiting.join(' '), actions.map(({ place, behind }) => `${place}:${behind}`).join(' '), format, level].join('|')
}

/** What the items that take a byte become. `items` is in the order of precedence, those of a format together. */
function step (items: readonly Item[], nfas: ReadonlyMap<number, Nfa>): Omit<State, 'row'> {
  const next: Item[] = []
  const actions: Action[] = []
  for (let at = 0; at < items.length;) {
    const { format } = items[at]!
    const mine: Item[] = []
    while (items[at]?.format === format) mine.push(items[at++]!)
    const nfa = nfas.get(format)!
    const keep = (tags: readonly number[], behind: 0 | 1): void => {
      for (const tag of tags) actions.push({ place: format * PLACES.length + tag, behind })
    }
    const ends = mine.flatMap(item => {
      const { end } = nfa.behind(item.state)
      return end === undefined ? [] : [{ item, end, level: end.level === NO_LEVEL ? item.level : end.level }]
    })
    if (ends.length > 0) {
      keep(alike(ends.map(({ item }) => item.tags)), 0)
      keep(alike(ends.map(({ end }) => end.tags)), 1)
      const [level = NO_LEVEL] = alike(ends.map(({ level }) => [level]))
      // What comes behind in the order has no chance any more.
      return { items: next, actions, format, level }
    }
    keep(alike(mine.map(({ tags }) => tags)), 0)
    next.push(...behindAll(mine, nfa))
  }
  return { items: next, actions, format: NO_FORMAT, level: NO_LEVEL }
}

function behindAll (items: readonly Item[], nfa: Nfa): Item[] {
  const found = new Map<string, Item>()
  for (const { format, state, level } of items) {
    for (const reached of nfa.behind(state).waiting) {
      const item = { ...reached, format, level: reached.level === NO_LEVEL ? level : reached.level }
      const key = `${item.state}:${item.level}`
      alike([found.get(key)?.tags ?? item.tags, item.tags])
      found.set(key, item)
    }
  }
  return [...found.values()]
}

/** Two ways that are open at once must have the same groups: else only a look back could tell which was right. */
function alike (ways: ReadonlyArray<readonly number[]>): readonly number[] {
  const [first = []] = ways
  if (ways.some(tags => tags.join() !== first.join())) throw new Error(AMBIGUOUS)
  return first
}

/** Bytes that no set tells apart are one class. `symbols` has one of each. */
function classesOf (sets: readonly Uint8Array[]): { classes: Uint8Array, symbols: number[] } {
  const numbers = new Map<string, number>()
  const symbols: number[] = []
  const classes = new Uint8Array(SYMBOLS)
  for (let symbol = 0; symbol <= END; symbol++) {
    const key = sets.map(bytes => bytes[symbol]).join('')
    if (!numbers.has(key)) {
      numbers.set(key, symbols.length)
      symbols.push(symbol)
    }
    classes[symbol] = numbers.get(key)!
  }
  return { classes, symbols }
}

function numbered (states: readonly State[], classes: Uint8Array, count: number): Dfa {
  const isEnd = ({ items, actions, format }: State): boolean => items.length === 0 && actions.length === 0 && format === NO_FORMAT
  const isActive = (state: State): boolean => state.actions.length > 0 || state.format !== NO_FORMAT
  const order = [
    ...states.filter(state => !isEnd(state) && !isActive(state)), ...states.filter(isEnd), ...states.filter(isActive)
  ]
  const places = new Map(order.map((state, place) => [state, place]))
  const width = 2 ** Math.ceil(Math.log2(count))
  const cells = new Uint16Array(order.length * width)
  for (const [place, { row }] of order.entries()) for (const [i, to] of row.entries()) cells[place * width + i] = places.get(states[to]!)!
  const passive = order.findIndex(isEnd)
  return { classes, width, passive, cells, active: order.slice(passive) }
}
