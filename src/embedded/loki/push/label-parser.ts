import { GoStringError, readGoString } from './go-string.ts'
import { goQuote, labelText, sortLabels, type Label } from '../store/label-set.ts'
import { Refusal } from './refusal.ts'

type TokenKind = 'identifier' | 'metric identifier' | 'string' | 'number' | 'operator' | 'punctuation' | 'end'
interface Token { kind: TokenKind, text: string, value: string, at: number }

/** Reads the tokens of Prometheus' lexer that can occur around a metric description. Errors have Prometheus' texts. */
class LabelLexer {
  readonly text: string
  pos = 0
  braces = false

  constructor (text: string) {
    this.text = text
  }

  next (): Token {
    const { text } = this
    for (;;) {
      const blank = /[ \t\r\n]/.test(text[this.pos] ?? '')
      if (!blank && text[this.pos] !== '#') break
      if (blank) this.pos++
      else while (this.pos < text.length && !/[\r\n]/.test(text[this.pos]!)) this.pos++
    }
    const at = this.pos
    const char = text[at]
    if (char === undefined) {
      if (this.braces) throw this.error(at, 'unexpected end of input inside braces')
      return this.token('end', at, at)
    }
    if (char === '"' || char === "'" || char === '`') return this.string(at)
    const identifier = /^[a-zA-Z_][a-zA-Z0-9_]*/.exec(text.slice(at))
    if (this.braces) {
      if (identifier !== null) return this.token('identifier', at, at + identifier[0].length)
      return this.insideBraces(at, char)
    }
    const metric = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(text.slice(at))
    if (metric !== null) return this.token(metric[0].includes(':') ? 'metric identifier' : 'identifier', at, at + metric[0].length)
    const number = /^[0-9.]*[0-9][0-9a-z.]*/i.exec(text.slice(at))
    if (number !== null) return this.token('number', at, at + number[0].length)
    if (char === '{') this.braces = true
    if ('{(),'.includes(char)) return this.token('punctuation', at, at + 1)
    throw this.error(at, `unexpected character: '${this.rune(at)}'`)
  }

  insideBraces (at: number, char: string): Token {
    const operator = /^(=~|=|!~|!=)/.exec(this.text.slice(at))
    if (operator !== null) return this.token('operator', at, at + operator[0].length)
    if (char === '}') this.braces = false
    if (char === '}' || char === ',') return this.token('punctuation', at, at + 1)
    if (char === '!') throw this.error(at, `unexpected character after '!' inside braces: '${this.rune(at + 1)}'`)
    if (char === '{') throw this.error(at, "unexpected left brace '{'")
    throw this.error(at, `unexpected character inside braces: '${this.rune(at)}'`)
  }

  string (at: number): Token {
    try {
      const { value, end } = readGoString(this.text, at)
      return { ...this.token('string', at, end), value }
    } catch (error) {
      if (error instanceof GoStringError) throw this.error(at, error.message)
      throw error
    }
  }

  token (kind: TokenKind, at: number, end: number): Token {
    this.pos = end
    return { kind, text: this.text.slice(at, end), value: '', at }
  }

  rune (at: number): string {
    const code = this.text.codePointAt(at)
    return code === undefined ? '' : String.fromCodePoint(code)
  }

  unexpected (token: Token, expected?: string): Refusal {
    let what = 'end of input'
    if (token.kind === 'punctuation' || (token.kind === 'operator' && token.text === '=')) what = `"${token.text}"`
    else if (token.kind === 'operator') what = `<op:${token.text}>`
    else if (token.kind !== 'end') {
      const shown = token.kind !== 'identifier' && token.text.length > 10 ? goQuote(token.text.slice(0, 10)) + '...' : goQuote(token.text)
      what = `${token.kind} ${shown}`
    }
    return this.error(token.at, `unexpected ${what}${expected === undefined ? '' : ` in label set, expected ${expected}`}`)
  }

  /** Positions count bytes, from 1. */
  error (at: number, text: string): Refusal {
    const before = this.text.slice(0, at)
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1)) + 1
    return new Refusal(400, `couldn't parse labels: ${before.split('\n').length}:${column}: parse error: ${text}`, 'malformed')
  }
}

/**
 * Parses a stream's labels as Loki does (Prometheus' `ParseMetric`: an optional metric name, then `{name="value",
 * ...}`). Returns them sorted, without those whose value is empty, which count as absent. A name may occur twice; a
 * limit refuses that later. Throws a Refusal with Loki's text, which refuses the whole push.
 */
export function parseLabels (text: string): Label[] {
  const lexer = new LabelLexer(text)
  const labels: Label[] = []
  let token = lexer.next()
  let name: string | undefined
  if (token.kind === 'identifier' || token.kind === 'metric identifier') {
    name = token.text
    token = lexer.next()
  }
  if (token.text === '{') {
    readLabelSet(lexer, labels)
    token = lexer.next()
  }
  if (token.kind !== 'end') throw lexer.unexpected(token)
  const empty = new Set(labels.filter(({ value }) => value === '').map((label) => label.name))
  const kept = labels.filter((label) => !empty.has(label.name) && !(name !== undefined && label.name === '__name__'))
  if (name !== undefined) kept.push({ name: '__name__', value: name })
  return asWritten(sortLabels(kept))
}

/**
 * Loki writes the labels again, unescaped where it can, and reads the result. So an escaped U+FFFD, which the first
 * reading takes, is refused here.
 */
function asWritten (labels: Label[]): Label[] {
  const bad = labels.findIndex(({ value }) => value.includes('\ufffd'))
  const label = labels[bad]
  if (label === undefined) return labels
  const labelsBefore = Buffer.byteLength(labelText(labels.slice(0, bad))) - '}'.length
  const before = labelsBefore + (bad > 0 ? ', '.length : 0) + label.name.length + '='.length
  throw new Refusal(400, `1:${before + 1}: parse error: invalid UTF-8 rune`, 'malformed')
}

function readLabelSet (lexer: LabelLexer, labels: Label[]): void {
  let token = lexer.next()
  while (token.text !== '}' || token.kind !== 'punctuation') {
    if (token.kind !== 'identifier') throw lexer.unexpected(token, 'identifier or "}"')
    const name = token.text
    token = lexer.next()
    if (token.kind !== 'operator' || token.text !== '=') throw lexer.unexpected(token, '"="')
    token = lexer.next()
    if (token.kind !== 'string') throw lexer.unexpected(token, 'string')
    labels.push({ name, value: token.value })
    token = lexer.next()
    if (token.kind === 'punctuation' && token.text === ',') token = lexer.next()
    else if (token.kind !== 'punctuation' || token.text !== '}') throw lexer.unexpected(token, '"," or "}"')
  }
}
