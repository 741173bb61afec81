import { GoStringError, readGoString } from '../push/go-string.ts'
import { Refusal } from '../push/refusal.ts'
import { associate, type Power } from './associate.ts'
import type {
  ComparisonOperator, Condition, LabelSelection, LineFilter, LogQuery, Matcher, MatchOperator, Parser, Stage
} from './logql-ast.ts'
import { notSupported, unexpected } from './logql-error.ts'
import { isKeyword } from './logql-token.ts'
import { allOf, childOf, type QueryNode } from './logql-tree.ts'
import { readQuantity, type Quantity } from './quantity.ts'
import { anchored, compileRegex } from './regex.ts'

/** `{...} |= "x"`, also in parentheses. */
export function logQuery (expression: QueryNode): LogQuery {
  const inner = childOf(expression, 'LogExpr')
  return inner === undefined ? selection(expression) : logQuery(inner)
}

/** The selector among the children of a node, and all stages among them. */
export function selection (node: QueryNode): LogQuery {
  const matchers = allOf(childOf(node, 'Selector')!, 'Matcher').map(matcher)
  if (!matchers.some(({ test }) => !test(''))) throw selectsAll()
  return { kind: 'log', matchers, stages: allOf(node, 'PipelineStage').flatMap(stages) }
}

export function selectsAll (): Refusal {
  return new Refusal(400, 'parse error : queries require at least one regexp or equality matcher ' +
    'that does not have an empty-compatible value. ' +
    'For instance, app=~".*" does not meet this requirement, but app=~".+" will')
}

function matcher ({ children: [label, sign, string] }: QueryNode): Matcher {
  const operator = sign!.text
  const name = labelName(label!)
  const value = stringValue(string!)
  const common = { name, operator: operator as MatchOperator, value }
  if (operator === '=') return { ...common, test: (candidate) => candidate === value }
  if (operator === '!=') return { ...common, test: (candidate) => candidate !== value }
  const regex = compile(value, '', anchored)
  return { ...common, test: operator === '=~' ? (candidate) => regex.test(candidate) : (candidate) => !regex.test(candidate) }
}

/** The grammar also takes Loki's keywords and colons in a name; Loki does not. */
export function labelName ({ query, from, text }: QueryNode): string {
  if (isKeyword(text)) throw unexpected(query, from)
  const colon = text.indexOf(':')
  if (colon >= 0) throw unexpected(query, from + colon)
  return text
}

function stringValue ({ query, from }: Pick<QueryNode, 'query' | 'from'>): string {
  try {
    return readGoString(query, from).value
  } catch (error) {
    throw error instanceof GoStringError ? unexpected(query, from) : error
  }
}

function compile (pattern: string, stage: string, wrap?: (source: string) => string): RegExp {
  const regex = compileRegex(pattern, wrap)
  if (regex instanceof Refusal) throw new Refusal(400, `parse error : ${stage}${regex.message}`)
  return regex
}

function stages ({ children }: QueryNode): Stage[] {
  const stage = children.find(({ name }) => name !== 'Pipe')!
  switch (stage.name) {
    case 'LineFilters': return lineFilters(stage)
    case 'LabelFilter': return [{ kind: 'label', condition: condition(stage) }]
    case 'DropLabelsExpr': return [labelSelection('drop', allOf(stage, 'DropLabel'))]
    case 'JsonExpressionParser':
    case 'LogfmtParser':
    case 'LogfmtExpressionParser': return [parser(stage)]
    case 'LabelParser':
      if (/^json$/i.test(stage.text)) return [parser(stage)]
      throw notSupported(stage, /^\w+/.exec(stage.text)![0])
    case 'KeepLabelsExpr': return [labelSelection('keep', allOf(stage, 'KeepLabel'))]
    default: throw notSupported(stage, /^\w+/.exec(stage.text)![0])
  }
}

function lineFilters (node: QueryNode): LineFilter[] {
  const filters: LineFilter[] = []
  let operator = ''
  const read = ({ name, text, children, query, from }: QueryNode): void => {
    if (name === 'FilterOp') throw notSupported({ query, from }, 'ip')
    if (name === 'Filter') {
      if (text.endsWith('>')) throw notSupported({ query, from }, text)
      operator = text
      filters.push({ kind: 'line', negated: text.startsWith('!'), texts: [], patterns: [] })
    } else if (name === 'String') {
      const value = stringValue({ query, from })
      if (operator.endsWith('~')) filters.at(-1)!.patterns.push(compile(value, `stage '${operator} ${JSON.stringify(value)}' : `))
      else filters.at(-1)!.texts.push(Buffer.from(value))
    } else children.forEach(read)
  }
  read(node)
  return filters
}

function labelSelection (kind: 'drop' | 'keep', labels: QueryNode[]): LabelSelection {
  return {
    kind,
    labels: labels.map(({ children: [label] }) => {
      if (label!.name === 'Identifier') return { name: labelName(label!) }
      const condition = matcher(label!)
      return { name: condition.name, matcher: condition }
    })
  }
}

function parser (node: QueryNode): Parser {
  const flags = allOf(node, 'ParserFlag').map(({ text }) => text)
  return {
    kind: 'parser',
    format: /^json/i.test(node.text) ? 'json' : 'logfmt',
    strict: flags.includes('--strict'),
    keepEmpty: flags.includes('--keep-empty'),
    extractions: allOf(node, 'LabelExtractionExpression').map(({ children: [label, , string] }) => {
      const name = labelName(label!)
      return { name, path: string === undefined ? [name] : keyPath(stringValue(string)) }
    })
  }
}

/** The keys of `a.b[0]["c d"]`. */
function keyPath (text: string): string[] {
  return [...text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, place, key]) => quoted ?? place ?? key!)
}

type Joint = 'or' | 'and' | ','

/** A comma, or nothing, between two filters joins all filters behind it to those before it. */
const powers: Record<Joint, Power> = { or: [1, 2], and: [3, 4], ',': [Infinity, 0] }

function condition (filter: QueryNode): Condition {
  const terms: Condition[] = []
  const joints: Joint[] = []
  const read = (node: QueryNode): void => {
    const filters = node.children.filter(({ name }) => name === 'LabelFilter')
    if (filters.length < 2) {
      terms.push(filters.length === 1 ? condition(filters[0]!) : comparison(node.children[0]!))
      return
    }
    read(filters[0]!)
    joints.push(childOf(node, 'Or') !== undefined ? 'or' : childOf(node, 'And') !== undefined ? 'and' : ',')
    read(filters[1]!)
  }
  read(filter)
  return associate(terms, joints, (joint) => powers[joint], (joint, left, right) => ({ kind: joint === 'or' ? 'or' : 'and', left, right }))
}

function comparison (node: QueryNode): Condition {
  if (node.name === 'Matcher') return { kind: 'match', matcher: matcher(node) }
  if (node.name === 'IpLabelFilter') throw notSupported(node, 'ip')
  const filter = node.name === 'UnitFilter' ? node.children[0]! : node
  const quantity = ({ DurationFilter: 'duration', BytesFilter: 'bytes' } as Record<string, Quantity>)[filter.name] ?? 'number'
  const [label, sign, given] = filter.children
  const value = readQuantity(given!.text.replaceAll(/\s/g, ''), quantity)
  if (typeof value !== 'number') throw unexpected(node.query, given!.from)
  const operator = sign!.text === '=' ? '==' : sign!.text as ComparisonOperator
  return { kind: 'compare', name: labelName(label!), operator, quantity, value }
}
