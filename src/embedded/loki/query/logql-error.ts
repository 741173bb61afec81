import { Refusal } from '../push/refusal.ts'
import { expected } from './logql-expected.ts'
import { isCall, isFunction, tokenAt } from './logql-token.ts'
import { allOf, depthOf, grow, pathToGap, type QueryNode } from './logql-tree.ts'

/** The grammar's parser goes at least so deep. To the parser, parts that follow each other lie within each other. */
const mostDepth = 300

/** Functions of Loki that the grammar does not know. */
const newFunctions = new Set(['approx_topk', 'variants'])

/** Lines and columns count characters, from 1. An empty query has none. */
export function parseError (text: string, at: number, message: string, lineless = false): Refusal {
  if (text.trim() === '') return new Refusal(400, `parse error : ${message}`)
  const before = text.slice(0, at)
  const column = Array.from(before.slice(before.lastIndexOf('\n') + 1)).length + 1
  return new Refusal(400, `parse error at line ${lineless ? 0 : before.split('\n').length}, col ${column}: ${message}`)
}

export function notSupported ({ query, from }: Pick<QueryNode, 'query' | 'from'>, what: string): Refusal {
  return parseError(query, from, `${what} is not supported by the embedded Loki`)
}

/** Refuses the token at `at`, which does not fit the text before it. */
export function unexpected (text: string, at: number): Refusal {
  const before = text.slice(0, at)
  const after = text.slice(at)
  const word = /^[\p{L}_][\p{L}\p{Nd}_]*/u.exec(after)?.[0] ?? ''
  const { tree } = grow(before)
  const leftOut = unknownToGrammar(tree, word, after.slice(word.length))
  if (leftOut !== undefined) return notSupported({ query: text, from: at }, leftOut)
  const [gap, parent, grandparent] = pathToGap(tree).reverse()
  // Loki's lexer reads a range as one token.
  if (parent?.name === 'Range') return unexpected(text, parent.from)
  // A function without brackets behind it is a name to Loki.
  const call = /\w+(?=\s*$)/.exec(before)
  const inFunction = /^(RangeAggregation|VectorAggregation|Vector)Expr$/.test(parent?.name ?? '')
  if (call !== null && inFunction && isFunction(call[0]) && !isCall(after)) return unexpected(text, call.index)
  const { name, fault, lineless } = tokenAt(text, at)
  if (fault !== undefined) return parseError(text, at, fault, lineless)
  const last = parent?.children[parent.children.indexOf(gap!) - 1]?.name
  const mark = /[{(),](?=\s*$)/.exec(before)?.[0]
  const around = parent?.name === 'Matcher' ? grandparent?.name : undefined
  const wanted = expected[[around, parent?.name, last, mark].filter((part) => part !== undefined).join(' ')]
  if (word !== '' && wanted?.split(' or ').includes(name) === true) return notSupported({ query: text, from: at }, `a label named ${word}`)
  return parseError(text, at, `syntax error: unexpected ${name}${wanted === undefined ? '' : `, expecting ${wanted}`}`, lineless)
}

/** Queries that Loki may take where the grammar does not, and that this Loki does not answer. */
function unknownToGrammar (before: QueryNode, word: string, after: string): string | undefined {
  if (newFunctions.has(word.toLowerCase()) && isCall(after)) return word
  if (depthOf(before) > mostDepth) return 'a query of so many parts'
  return allOf(before, 'UnwrapExpr').length > 0 ? 'unwrap' : undefined
}
