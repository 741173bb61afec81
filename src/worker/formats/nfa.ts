import { LEVELS } from './levels.ts'
import type { Node } from './syntax.ts'

/**
 * The places in the line that a format keeps while its pattern runs: the places of its groups. A tag is the number of
 * such a place. The kernel has the same numbers.
 */
export const PLACES = ['pid', 'pidEnd', 'instance', 'instanceEnd', 'context', 'domain', 'inner'] as const
const EMPTY_GROUPS = ['context', 'domain', 'inner']
export const NO_LEVEL = -1

interface State {
  /** Where the state takes a byte: which ones. */
  bytes?: Uint8Array
  /** The states behind it, each with the tag or the level on the way. */
  next: Array<{ to: number, tag?: number, level?: number }>
}

/** A state that takes a byte, or the end of the pattern; the tags on the way there, in order; the level, if one is. */
export interface Reached { state: number, tags: readonly number[], level: number }
export interface Closure { waiting: Reached[], end: Reached | undefined }

/** The nondeterministic automaton of one pattern (Thompson's construction). Tags are where its groups begin and end. */
export class Nfa {
  readonly #states: State[] = []
  readonly #end: number
  readonly #closures = new Map<number, Closure>()
  readonly start: number

  constructor (pattern: Node) {
    this.#end = this.#add({ next: [] })
    this.start = this.#build(pattern, this.#end)
  }

  takes (state: number, symbol: number): boolean {
    return this.#states[state]!.bytes?.[symbol] === 1
  }

  sets (): Uint8Array[] {
    return this.#states.flatMap(({ bytes }) => bytes === undefined ? [] : [bytes])
  }

  /** What comes behind the byte that a state takes. */
  behind (state: number): Closure {
    return this.closure(this.#states[state]!.next[0]!.to)
  }

  /** All that a state reaches without a byte. Throws where two ways to the same place have different tags. */
  closure (from: number): Closure {
    const known = this.#closures.get(from)
    if (known !== undefined) return known
    const reached = new Map<number, Reached>()
    const visit = (state: number, tags: readonly number[], level: number): void => {
      const before = reached.get(state)
      if (before !== undefined) {
        if (before.tags.join() !== tags.join() || before.level !== level) throw new Error(AMBIGUOUS)
        return
      }
      reached.set(state, { state, tags, level })
      const { bytes, next } = this.#states[state]!
      if (bytes !== undefined) return
      for (const way of next) visit(way.to, way.tag === undefined ? tags : [...tags, way.tag].sort((a, b) => a - b), way.level ?? level)
    }
    visit(from, [], NO_LEVEL)
    const closure: Closure = {
      waiting: [...reached.values()].filter(({ state }) => this.#states[state]!.bytes !== undefined),
      end: reached.get(this.#end)
    }
    this.#closures.set(from, closure)
    return closure
  }

  #add (state: State): number {
    return this.#states.push(state) - 1
  }

  /** Returns the state from which the node leads to `to`. */
  #build (node: Node, to: number): number {
    switch (node.kind) {
      case 'bytes': return this.#add({ bytes: node.bytes, next: [{ to }] })
      case 'sequence': return node.items.reduceRight((behind, item) => this.#build(item, behind), to)
      case 'choice': return this.#add({ next: node.items.map(item => ({ to: this.#build(item, to) })) })
      case 'repeat': return this.#repeat(node, to)
      case 'group': {
        const { open, close, level } = marksOf(node.name)
        const inside = this.#build(node.item, this.#add({ next: [{ to, tag: close, level }] }))
        return this.#add({ next: [{ to: inside, tag: open }] })
      }
    }
  }

  #repeat ({ item, least, most }: { item: Node, least: number, most: number }, to: number): number {
    let from = to
    if (most === Infinity) {
      from = this.#add({ next: [{ to }] })
      this.#states[from]!.next.push({ to: this.#build(item, from) })
    } else {
      for (let i = least; i < most; i++) from = this.#add({ next: [{ to: this.#build(item, from) }, { to }] })
    }
    for (let i = 0; i < least; i++) from = this.#build(item, from)
    return from
  }
}

export const AMBIGUOUS = 'two ways through the pattern differ in their groups'

function marksOf (group: string): { open?: number, close?: number, level?: number } {
  const level = LEVELS.findIndex(name => name === group)
  if (level >= 0) return { level }
  const open = PLACES.findIndex(name => name === group)
  if (open < 0) throw new Error(`${group} is no group that a format may have`)
  return EMPTY_GROUPS.includes(group) ? { open } : { open, close: open + 1 }
}
