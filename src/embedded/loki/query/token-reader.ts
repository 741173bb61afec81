import { describe, parseError, tokenize, type Token } from './logql-lexer.ts'
import type { Refusal } from '../push/refusal.ts'

/** LogQL's own words that this subset does not know: named in the refusal, so that nobody looks for a slip of the pen. */
const unsupported = new Set(['json', 'logfmt', 'regexp', 'pattern', 'unpack', 'line_format', 'label_format', 'unwrap', 'decolorize', 'absent_over_time', 'sum_over_time',
  'avg_over_time', 'min_over_time', 'max_over_time', 'first_over_time', 'last_over_time', 'quantile_over_time', 'stddev_over_time', 'stdvar_over_time', 'rate_counter',
  'stddev', 'stdvar', 'sort', 'sort_desc', 'label_replace', 'approx_topk', 'variants', 'ip', 'bool', 'on', 'ignoring'])

/** The tokens of a query and the place reached in them. */
export class TokenReader {
  readonly text: string
  readonly tokens: Token[]
  index = 0

  constructor (text: string) {
    this.text = text
    this.tokens = tokenize(text)
  }

  get peek (): Token {
    return this.tokens[this.index]!
  }

  next (): Token {
    return this.tokens[this.index++]!
  }

  is (text: string): boolean {
    return this.peek.kind === 'symbol' && this.peek.text === text
  }

  isWord (text: string): boolean {
    return this.peek.kind === 'identifier' && this.peek.text.toLowerCase() === text
  }

  take (text: string): boolean {
    if (!this.is(text)) return false
    this.index++
    return true
  }

  expect (text: string): void {
    if (!this.take(text)) throw this.unexpected(text)
  }

  unexpected (expecting?: string, token = this.peek): Refusal {
    if (this.isUnsupported(token)) return this.notSupported(token.text, token)
    return parseError(this.text, token.at, `syntax error: unexpected ${describe(token)}${expecting === undefined ? '' : `, expecting ${expecting}`}`)
  }

  takeWord (word: string): boolean {
    if (!this.isWord(word)) return false
    this.index++
    return true
  }

  isMatchOperator (token: Token): boolean {
    return token.kind === 'symbol' && ['=', '!=', '=~', '!~'].includes(token.text)
  }

  notSupported (what: string, token = this.peek): Refusal {
    return parseError(this.text, token.at, `${what} is not supported by the embedded Loki`)
  }

  isUnsupported (token: Token): boolean {
    return token.kind === 'identifier' && unsupported.has(token.text)
  }
}
