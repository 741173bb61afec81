import { GoStringError, readGoString } from '../push/go-string.ts'
import { Refusal } from '../push/refusal.ts'

export type TokenKind = 'identifier' | 'string' | 'number' | 'duration' | 'symbol' | 'end'

export interface Token {
  kind: TokenKind
  text: string
  /** What a string stands for, or a duration's length in ns. */
  value: string
  ns: number
  at: number
}

const symbols = ['|=', '|~', '|>', '!=', '!~', '!>', '=~', '==', '>=', '<=', '{', '}', '(', ')', '[', ']', ',', '|', '=', '>', '<', '+', '-', '*', '/', '%', '^']
const durationUnits: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86_400e9, w: 604_800e9, y: 31_536_000e9 }
const names: Record<TokenKind, string | undefined> = { identifier: 'IDENTIFIER', string: 'STRING', number: 'NUMBER', duration: 'DURATION', end: '$end', symbol: undefined }

/** `5m`, `1h30m`, `1.5s` in ns; undefined where it is no duration. */
export function parseDuration (text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|[smhdwy]))+$/.test(text)) return undefined
  let ns = 0
  for (const [, count, , unit] of text.matchAll(/(\d+(\.\d+)?)(ns|us|µs|ms|[smhdwy])/g)) ns += Number(count) * durationUnits[unit!]!
  return ns
}

export function tokenize (text: string): Token[] {
  const tokens: Token[] = []
  let pos = 0
  const push = (kind: TokenKind, end: number, value = '', ns = 0): void => {
    tokens.push({ kind, text: text.slice(pos, end), value, ns, at: pos })
    pos = end
  }
  while (pos < text.length) {
    const blank = /^(?:\s+|#[^\n]*)+/.exec(text.slice(pos))
    if (blank !== null) {
      pos += blank[0].length
      continue
    }
    const char = text[pos]!
    if (char === '"' || char === '`') {
      const { value, end } = readString(text, pos)
      push('string', end, value)
      continue
    }
    const word = /^[\p{L}_][\p{L}\p{Nd}_]*/u.exec(text.slice(pos))?.[0] ?? /^\d[\w.µ]*/.exec(text.slice(pos))?.[0]
    const symbol = symbols.find((candidate) => text.startsWith(candidate, pos))
    if (word === undefined && symbol === undefined) throw parseError(text, pos, 'syntax error: unexpected ' + String.fromCodePoint(text.codePointAt(pos)!))
    if (word === undefined) push('symbol', pos + symbol!.length)
    else if (!/^\d/.test(word)) push('identifier', pos + word.length)
    else if (/^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(word)) push('number', pos + word.length)
    else {
      const ns = parseDuration(word)
      if (ns === undefined) throw new Refusal(400, `parse error at line 0, col ${pos}: unknown unit "${word.replace(/^[\d.]+/, '')}" in duration "${word}"`)
      push('duration', pos + word.length, '', ns)
    }
  }
  push('end', pos)
  return tokens
}

function readString (text: string, at: number): { value: string, end: number } {
  try {
    return readGoString(text, at)
  } catch (error) {
    if (error instanceof GoStringError) throw parseError(text, at, 'literal not terminated')
    throw error
  }
}

export function describe (token: Token): string {
  return names[token.kind] ?? token.text
}

/** Lines and columns count characters, from 1; an empty query has none. */
export function parseError (text: string, at: number, message: string): Refusal {
  if (text.trim() === '') return new Refusal(400, `parse error : ${message}`)
  const before = text.slice(0, at)
  const column = Array.from(before.slice(before.lastIndexOf('\n') + 1)).length + 1
  return new Refusal(400, `parse error at line ${before.split('\n').length}, col ${column}: ${message}`)
}
