/** The parts of a pattern. `bytes` has a 1 for each byte that it takes; the last place is the end of the line. */
export type Node =
  | { kind: 'bytes', bytes: Uint8Array }
  | { kind: 'sequence' | 'choice', items: Node[] }
  | { kind: 'repeat', item: Node, least: number, most: number }
  | { kind: 'group', name: string, item: Node }

export const END = 256
export const SYMBOLS = 257

/**
 * Parses the subset of regular expressions that formats are written in: bytes, classes, groups, named groups,
 * alternatives, `?`, `*`, `+`, `{n,m}`, `^` in front of all, `$` for the end of the line, and `\d` and `\w`. A lazy
 * quantifier is the same as a greedy one here, because a pattern ends where it first can.
 */
export function parsePattern ({ source, flags }: RegExp): Node {
  if (flags !== '' || !source.startsWith('^')) throw new Error(`a pattern begins with ^ and has no flags: ${source}`)
  const parser = new Parser(source)
  const node = parser.choice()
  if (!parser.atEnd) throw new Error(`a pattern with more behind its end: ${source}`)
  return node
}

class Parser {
  readonly #source: string
  #at = 1

  constructor (source: string) {
    this.#source = source
  }

  get atEnd (): boolean {
    return this.#at === this.#source.length
  }

  choice (): Node {
    const items = [this.#sequence()]
    while (this.#take('|')) items.push(this.#sequence())
    return items.length === 1 ? items[0]! : { kind: 'choice', items }
  }

  #sequence (): Node {
    const items: Node[] = []
    while (!this.atEnd && !'|)'.includes(this.#source[this.#at]!)) items.push(this.#repeated())
    return { kind: 'sequence', items }
  }

  #repeated (): Node {
    const item = this.#one()
    const [text, least = '', comma, most] = this.#match(/[?*+]|\{(\d+)(,?)(\d*)\}/y) ?? ['']
    if (text === '') return item
    this.#take('?')
    switch (text) {
      case '?': return { kind: 'repeat', item, least: 0, most: 1 }
      case '*': return { kind: 'repeat', item, least: 0, most: Infinity }
      case '+': return { kind: 'repeat', item, least: 1, most: Infinity }
    }
    const last = comma === '' ? least : most
    return { kind: 'repeat', item, least: Number(least), most: last === '' ? Infinity : Number(last) }
  }

  #one (): Node {
    if (this.#take('[')) return { kind: 'bytes', bytes: this.#class() }
    if (this.#take('$')) return { kind: 'bytes', bytes: setOf([END]) }
    if (this.#take('.')) return { kind: 'bytes', bytes: inverted(setOf([0x0a, 0x0d])) }
    if (!this.#take('(')) return { kind: 'bytes', bytes: this.#byte() }
    const name = this.#match(/\?(?::|<(\w+)>)/y)
    if (name === undefined) throw this.#refused('a group without ?: or a name')
    const item = this.choice()
    if (!this.#take(')')) throw this.#refused('a group that is not closed')
    return name[1] === undefined ? item : { kind: 'group', name: name[1], item }
  }

  #class (): Uint8Array {
    const invert = this.#take('^')
    const bytes = new Uint8Array(SYMBOLS)
    while (!this.#take(']')) {
      const first = this.#byte()
      const last = this.#match(/-(?!\])/y) === undefined ? first : this.#byte()
      if (last === first) first.forEach((taken, byte) => { if (taken === 1) bytes[byte] = 1 })
      else bytes.fill(1, first.indexOf(1), last.indexOf(1) + 1)
    }
    return invert ? inverted(bytes) : bytes
  }

  #byte (): Uint8Array {
    const [, escaped, plain] = this.#match(/\\(.)|([^\\])/y) ?? []
    if (plain !== undefined) return setOf([plain.charCodeAt(0)])
    switch (escaped) {
      case 'd': return setOf(DIGITS)
      case 'w': return setOf(WORD)
      case 't': return setOf([0x09])
      case 'n': return setOf([0x0a])
      case undefined: throw this.#refused('an escape of nothing')
    }
    if (/\w/.test(escaped)) throw this.#refused('an escape that no format needs')
    return setOf([escaped.charCodeAt(0)])
  }

  #take (text: string): boolean {
    if (this.#source[this.#at] !== text) return false
    this.#at++
    return true
  }

  #match (sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#source) ?? undefined
    if (found !== undefined) this.#at += found[0].length
    return found
  }

  #refused (what: string): Error {
    return new Error(`${what}, at ${this.#at} of ${this.#source}`)
  }
}

const DIGITS = range(0x30, 0x39)
const WORD = [...DIGITS, ...range(0x41, 0x5a), ...range(0x61, 0x7a), 0x5f]

function range (first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

function setOf (symbols: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(SYMBOLS)
  for (const symbol of symbols) bytes[symbol] = 1
  return bytes
}

/** All other bytes. The end of the line is none of them. */
function inverted (bytes: Uint8Array): Uint8Array {
  return bytes.map((taken, symbol) => symbol === END ? 0 : 1 - taken)
}
