import { GoStringError, readGoString } from '../push/go-string.ts'
import { durationFault, parseDuration } from './duration.ts'

/** A token as Loki's lexer reads it. Grafana's grammar may read it in another way. */
export interface LokiToken {
  /** The token's name in a parse error. */
  name: string
  /** The fault that the lexer itself finds in the token. */
  fault?: string
  /** Loki's error gives no line for a token that its lexer reads in two steps. */
  lineless?: boolean
}

const functions = new Set([
  'rate', 'rate_counter', 'count_over_time', 'bytes_rate', 'bytes_over_time', 'avg_over_time', 'sum_over_time', 'min_over_time',
  'max_over_time', 'stdvar_over_time', 'stddev_over_time', 'quantile_over_time', 'first_over_time', 'last_over_time',
  'absent_over_time', 'vector', 'sum', 'avg', 'max', 'min', 'count', 'stddev', 'stdvar', 'bottomk', 'topk', 'sort', 'sort_desc',
  'label_replace', 'approx_topk', 'bytes', 'duration', 'duration_seconds', 'ip'
])
const keywords = new Set([
  'unwrap', 'by', 'without', 'bool', 'label_replace', 'offset', 'on', 'ignoring', 'group_left', 'group_right', 'or', 'and', 'unless',
  'json', 'regexp', 'logfmt', 'unpack', 'pattern', 'label_format', 'line_format', 'ip', 'decolorize', 'drop', 'keep', 'variants', 'of'
])

/** Whether the text behind a name makes a function of the name. */
export const isCall = (rest: string): boolean => /^\s*(?:\(|(?:by|without)\s*\()/i.test(rest)

export const isFunction = (word: string): boolean => functions.has(word.toLowerCase())

/** Words that are never the name of a label. */
export const isKeyword = (word: string): boolean => keywords.has(word.toLowerCase()) && !isFunction(word)

export function tokenAt (text: string, at: number): LokiToken {
  const rest = text.slice(at)
  if (rest === '') return { name: '$end' }
  if (/^["`]/.test(rest)) return string(text, at)
  if (rest.startsWith('[')) return range(rest)
  const word = /^[\p{L}_][\p{L}\p{Nd}_]*/u.exec(rest)?.[0]
  if (word !== undefined) return { name: wordName(word, rest.slice(word.length)) }
  if (/^-\d/.test(rest) && quantity('', rest).name === 'DURATION') return quantity('', rest)
  const number = /^(?:0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)/i.exec(rest)?.[0]
  if (number !== undefined) return quantity(number, rest)
  const pair = /^(?:\|[=~>]|![=~>]|=[~=]|[<>]=|--(?:strict|keep-empty)(?![\p{L}-]))/u.exec(rest)?.[0]
  if (pair !== undefined) return { name: pair.startsWith('--') ? 'FUNCTION_FLAG' : pair, lineless: true }
  if (rest.startsWith("'") && !/^'(?:[^'\\\n]|\\.)'/u.test(rest)) return { name: 'IDENTIFIER', fault: 'invalid char literal' }
  return { name: /^[,.{}=|()\][+\-*/%^<>]/.test(rest) ? rest[0]! : 'IDENTIFIER' }
}

function string (text: string, at: number): LokiToken {
  try {
    readGoString(text, at)
    return { name: 'STRING' }
  } catch (error) {
    if (!(error instanceof GoStringError)) throw error
    const fault = error.message.startsWith('unterminated')
      ? 'literal not terminated'
      : error.message.includes('code point')
        ? 'invalid syntax'
        : 'invalid char escape'
    return { name: 'STRING', fault }
  }
}

function range (rest: string): LokiToken {
  const end = rest.indexOf(']')
  const fault = end < 0 ? "missing closing ']' in duration" : durationFault(rest.slice(1, end))
  return { name: 'RANGE', lineless: true, ...(fault === undefined ? {} : { fault }) }
}

function wordName (word: string, rest: string): string {
  const lower = word.toLowerCase()
  if (functions.has(lower)) {
    if (!isCall(rest)) return 'IDENTIFIER'
    if (/^(bytes|duration|duration_seconds)$/.test(lower)) return lower.toUpperCase() + '_CONV'
    return keywords.has(lower) ? lower : lower.toUpperCase()
  }
  return keywords.has(lower) ? lower : 'IDENTIFIER'
}

function quantity (number: string, rest: string): LokiToken {
  const duration = /^-?[\d.nuµmshdwy]+/.exec(rest)?.[0] ?? ''
  if (duration !== number && parseDuration(duration) !== undefined) return { name: 'DURATION', lineless: true }
  if (/^[\d.]+[BikKMGTP]*B/.test(rest)) return { name: 'BYTES', lineless: true }
  return { name: 'NUMBER' }
}
