import type { ArithmeticOperator, Grouping, Matcher, MetricQuery, Query, RangeOperation, VectorOperation } from './logql-ast.ts'
import { logQuery, parenthesisedLog, stages } from './logql-log.ts'
import { Refusal } from '../push/refusal.ts'
import { TokenReader } from './token-reader.ts'

const rangeOperations = new Set(['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate'])
const vectorOperations = new Set(['sum', 'min', 'max', 'avg', 'count', 'topk', 'bottomk'])
const precedence: Record<string, number> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 }

/** Parses the part of LogQL that is listed in logql-ast.ts. Throws a Refusal (400) with Loki's text, or one that names what is left out. */
export function parseQuery (text: string): Query {
  const reader = new TokenReader(text)
  const query = reader.is('{') ? logQuery(reader) : parenthesisedLog(reader) ?? metric(reader, 0)
  if (reader.peek.kind !== 'end') throw reader.unexpected()
  return query
}

/** Parses `{...}` alone, as the label and series endpoints take it. An empty text selects everything. */
export function parseSelector (text: string): Matcher[] {
  if (text.trim() === '' || text.trim() === '{}') return []
  const parsed = parseQuery(text)
  if (parsed.kind !== 'log' || parsed.stages.length > 0) throw new Refusal(400, 'only label matchers are supported')
  return parsed.matchers
}

function metric (reader: TokenReader, least: number): MetricQuery {
  let left = operand(reader)
  for (;;) {
    const token = reader.peek
    const power = token.kind === 'symbol' ? precedence[token.text] ?? 0 : 0
    if (power === 0 || power < least) return left
    reader.index++
    left = { kind: 'binary', operator: token.text as ArithmeticOperator, left, right: metric(reader, token.text === '^' ? power : power + 1) }
  }
}

function operand (reader: TokenReader): MetricQuery {
  if (reader.take('(')) {
    const inner = metric(reader, 0)
    reader.expect(')')
    return inner
  }
  const sign = reader.take('-') ? -1 : (reader.take('+'), 1)
  if (reader.peek.kind === 'number') return { kind: 'number', value: sign * Number(reader.next().text) }
  const token = reader.peek
  if (token.kind !== 'identifier' || sign < 0) throw reader.unexpected()
  const following = reader.tokens[reader.index + 1]!
  if (token.text === 'vector' && following.text === '(') return constant(reader)
  if (rangeOperations.has(token.text) && following.text === '(') return rangeAggregation(reader)
  if (vectorOperations.has(token.text) && (following.text === '(' || following.text === 'by' || following.text === 'without')) return vectorAggregation(reader)
  throw reader.unexpected()
}

function constant (reader: TokenReader): MetricQuery {
  reader.index += 2
  const token = reader.next()
  if (token.kind !== 'number') throw reader.unexpected('NUMBER', token)
  reader.expect(')')
  return { kind: 'constant', value: Number(token.text) }
}

/** `rate({...} |= "x" [5m] offset 1h)`; the range may also stand behind the selector, before the stages. */
function rangeAggregation (reader: TokenReader): MetricQuery {
  const operation = reader.next().text as RangeOperation
  reader.expect('(')
  if (!reader.is('{')) throw reader.unexpected()
  const query = logQuery(reader)
  if (!reader.take('[')) throw reader.unexpected()
  const range = reader.next()
  if (range.kind !== 'duration') throw reader.unexpected('DURATION', range)
  reader.expect(']')
  query.stages.push(...stages(reader))
  const offset = reader.takeWord('offset') ? reader.next() : undefined
  if (offset !== undefined && offset.kind !== 'duration') throw reader.unexpected('DURATION', offset)
  reader.expect(')')
  return { kind: 'range', operation, query, range: range.ns, offset: offset?.ns ?? 0 }
}

function vectorAggregation (reader: TokenReader): MetricQuery {
  const operation = reader.next().text as VectorOperation
  let groups = grouping(reader)
  reader.expect('(')
  let parameter = 0
  if (operation === 'topk' || operation === 'bottomk') {
    if (reader.peek.kind !== 'number') throw new Refusal(400, `parse error : parameter required for operation ${operation}`)
    parameter = Number(reader.next().text)
    if (!Number.isInteger(parameter) || parameter < 1) throw new Refusal(400, `parse error : invalid parameter (must be greater than 0) ${operation}(${parameter}`)
    reader.expect(',')
  }
  const inner = metric(reader, 0)
  reader.expect(')')
  groups ??= grouping(reader)
  return { kind: 'vector', operation, parameter, grouping: groups, inner }
}

function grouping (reader: TokenReader): Grouping | undefined {
  const without = reader.isWord('without')
  if (!without && !reader.isWord('by')) return undefined
  reader.index++
  reader.expect('(')
  const labels: string[] = []
  while (!reader.take(')')) {
    if (reader.peek.kind !== 'identifier') throw reader.unexpected('IDENTIFIER or )')
    labels.push(reader.next().text)
    if (!reader.take(',') && !reader.is(')')) throw reader.unexpected(') or ,')
  }
  return { without, labels }
}
