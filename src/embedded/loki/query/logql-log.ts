import type { Condition, LineFilter, LogQuery, Matcher, MatchOperator, Stage } from './logql-ast.ts'
import { anchored, compileRegex } from './regex.ts'
import { Refusal } from '../push/refusal.ts'
import type { TokenReader } from './token-reader.ts'

/** `({...} |= "x")`: a log query may stand in parentheses. */
export function parenthesisedLog (reader: TokenReader): LogQuery | undefined {
  const depth = reader.tokens.findIndex(({ text, kind }) => kind !== 'symbol' || text !== '(')
  if (depth < 1 || reader.tokens[depth]!.text !== '{' || reader.tokens[depth]!.kind !== 'symbol') return undefined
  reader.index = depth
  const query = logQuery(reader)
  for (let i = 0; i < depth; i++) reader.expect(')')
  return query
}

export function logQuery (reader: TokenReader): LogQuery {
  reader.expect('{')
  const matchers: Matcher[] = []
  while (!reader.take('}')) {
    if (reader.peek.kind !== 'identifier') throw reader.unexpected(matchers.length === 0 ? 'IDENTIFIER or }' : 'IDENTIFIER')
    matchers.push(matcher(reader))
    if (reader.is('}')) continue
    if (!reader.take(',')) throw reader.unexpected('} or ,')
    if (reader.is('}')) throw reader.unexpected('IDENTIFIER')
  }
  if (!matchers.some(({ test }) => !test(''))) {
    throw new Refusal(400, 'parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. ' +
      'For instance, app=~".*" does not meet this requirement, but app=~".+" will')
  }
  return { kind: 'log', matchers, stages: stages(reader) }
}

function matcher (reader: TokenReader): Matcher {
  const name = reader.next().text
  const token = reader.next()
  if (!reader.isMatchOperator(token)) throw reader.unexpected('= or =~ or !~ or !=', token)
  return matcherOf(reader, name, token.text as MatchOperator)
}

function matcherOf (reader: TokenReader, name: string, operator: MatchOperator): Matcher {
  const token = reader.next()
  if (token.kind !== 'string') throw reader.unexpected('STRING', token)
  const value = token.value
  if (operator === '=') return { name, operator, value, test: (candidate) => candidate === value }
  if (operator === '!=') return { name, operator, value, test: (candidate) => candidate !== value }
  const regex = compile(value, '', anchored)
  return { name, operator, value, test: operator === '=~' ? (candidate) => regex.test(candidate) : (candidate) => !regex.test(candidate) }
}

function compile (pattern: string, stage: string, wrap?: (source: string) => string): RegExp {
  const regex = compileRegex(pattern, wrap)
  if (regex instanceof Refusal) throw new Refusal(400, `parse error : ${stage}${regex.message}`)
  return regex
}

export function stages (reader: TokenReader): Stage[] {
  const stages: Stage[] = []
  for (;;) {
    const token = reader.peek
    if (token.kind !== 'symbol' || !['|=', '|~', '!=', '!~', '|', '|>', '!>'].includes(token.text)) return stages
    reader.index++
    if (token.text === '|') stages.push(pipeStage(reader))
    else if (token.text.endsWith('>')) throw reader.notSupported(token.text, token)
    else stages.push(lineFilter(reader, token.text))
  }
}

function lineFilter (reader: TokenReader, operator: string): LineFilter {
  const filter: LineFilter = { kind: 'line', negated: operator.startsWith('!'), texts: [], patterns: [] }
  do {
    const token = reader.next()
    if (token.kind !== 'string') throw reader.unexpected('STRING or ip', token)
    if (operator.endsWith('~')) filter.patterns.push(compile(token.value, `stage '${operator} ${JSON.stringify(token.value)}' : `))
    else filter.texts.push(Buffer.from(token.value))
  } while (reader.takeWord('or'))
  return filter
}

function pipeStage (reader: TokenReader): Stage {
  for (const kind of ['drop', 'keep'] as const) {
    if (!reader.isWord(kind) || reader.tokens[reader.index + 1]!.kind !== 'identifier') continue
    reader.index++
    const labels: Array<{ name: string, matcher?: Matcher }> = []
    do {
      if (reader.peek.kind !== 'identifier') throw reader.unexpected('IDENTIFIER')
      const after = reader.tokens[reader.index + 1]!
      if (reader.isMatchOperator(after)) {
        const name = reader.peek.text
        labels.push({ name, matcher: matcher(reader) })
      } else labels.push({ name: reader.next().text })
    } while (reader.take(','))
    return { kind, labels }
  }
  return { kind: 'label', condition: disjunction(reader) }
}

function disjunction (reader: TokenReader): Condition {
  let left = conjunction(reader)
  while (reader.takeWord('or')) left = { kind: 'or', left, right: conjunction(reader) }
  return left
}

/** Conditions joined by `and`, a comma or nothing. */
function conjunction (reader: TokenReader): Condition {
  let left = condition(reader)
  while (reader.takeWord('and') || reader.take(',') || reader.is('(') || (reader.peek.kind === 'identifier' && !reader.isWord('or') && !reader.isWord('offset'))) {
    left = { kind: 'and', left, right: condition(reader) }
  }
  return left
}

function condition (reader: TokenReader): Condition {
  if (reader.take('(')) {
    const condition = disjunction(reader)
    reader.expect(')')
    return condition
  }
  const token = reader.peek
  if (token.kind !== 'identifier') throw reader.unexpected()
  const operator = reader.tokens[reader.index + 1]!
  const known = reader.isMatchOperator(operator) || operator.text === '=='
  if (!known) throw reader.isUnsupported(token) ? reader.unexpected() : reader.unexpected(undefined, operator)
  reader.index += 2
  if (reader.peek.kind === 'number' || reader.peek.kind === 'duration') throw reader.notSupported('comparing a label with a number')
  return { kind: 'match', matcher: matcherOf(reader, token.text, operator.text === '==' ? '=' : operator.text as MatchOperator) }
}
