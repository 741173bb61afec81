import { Refusal } from '../push/refusal.ts'
import { associate, type Power } from './associate.ts'
import type {
  BinaryOperation, BinaryOperator, Grouping, LogQuery, MetricQuery, RangeAggregation, RangeOperation, VectorAggregation, VectorOperation
} from './logql-ast.ts'
import { durationFault, parseDuration } from './duration.ts'
import { notSupported, parseError, unexpected } from './logql-error.ts'
import { labelName, logQuery, selection } from './logql-log.ts'
import { allOf, childOf, type QueryNode } from './logql-tree.ts'
import { calculate } from './vector-math.ts'

const rangeOperations = new Set<string>(['count_over_time', 'rate', 'bytes_over_time', 'bytes_rate'] satisfies RangeOperation[])
const vectorOperations = new Set<string>([
  'sum', 'min', 'max', 'avg', 'count', 'stddev', 'stdvar', 'topk', 'bottomk'
] satisfies VectorOperation[])
const orPower: Power = [1, 2]
const andPower: Power = [3, 4]
const comparisonPower: Power = [5, 6]
const sumPower: Power = [7, 8]
const productPower: Power = [9, 10]
const powers: Record<BinaryOperator, Power> = {
  or: orPower,
  and: andPower,
  unless: andPower,
  '==': comparisonPower,
  '!=': comparisonPower,
  '>': comparisonPower,
  '>=': comparisonPower,
  '<': comparisonPower,
  '<=': comparisonPower,
  '+': sumPower,
  '-': sumPower,
  '*': productPower,
  '/': productPower,
  '%': productPower,
  '^': [11, 11]
}

export function metricQuery (node: QueryNode): MetricQuery {
  switch (node.name) {
    case 'Expr':
    case 'MetricExpr': return metricQuery(node.children[0]!)
    case 'BinOpExpr': return binary(node)
    case 'LiteralExpr': return { kind: 'number', value: literal(node) }
    case 'VectorExpr': return { kind: 'constant', value: Number(childOf(node, 'Number')!.text) }
    case 'RangeAggregationExpr': return rangeAggregation(node)
    case 'VectorAggregationExpr': return vectorAggregation(node)
    default: throw notSupported(node, /^\w*/.exec(node.text)![0])
  }
}

function literal ({ children }: QueryNode): number {
  const value = Number(children.at(-1)!.text)
  return children[0]!.name === 'Sub' ? -value : value
}

type Operator = Pick<BinaryOperation, 'operator' | 'bool'>

/**
 * The operands and operators of a chain without parentheses are in the order of the text. They are joined as Loki does.
 */
function binary (expression: QueryNode): MetricQuery {
  const operands: Array<MetricQuery | LogQuery> = []
  const operators: Operator[] = []
  const read = (node: QueryNode): void => {
    const [left, operator, modifier, right] = node.children
    for (const side of [left!, right!]) {
      const inner = side.children[0]!
      const chain = inner.name === 'MetricExpr' && inner.children[0]!.name === 'BinOpExpr' ? inner.children[0] : undefined
      if (chain !== undefined) read(chain)
      else operands.push(inner.name === 'LogExpr' ? logQuery(inner) : metricQuery(side))
      if (side === left) operators.push({ operator: operator!.text.toLowerCase() as BinaryOperator, bool: isBool(modifier!) })
    }
  }
  read(expression)
  return associate(operands, operators, ({ operator }) => powers[operator], join) as MetricQuery
}

function isBool (modifier: QueryNode): boolean {
  const matching = childOf(modifier, 'OnOrIgnoringModifier')
  if (matching !== undefined) throw notSupported(matching, /^\w+/.exec(matching.text)![0])
  return childOf(modifier, 'Bool') !== undefined
}

function join ({ operator, bool }: Operator, left: MetricQuery | LogQuery, right: MetricQuery | LogQuery): MetricQuery {
  for (const [side, query] of Object.entries({ left, right })) {
    if (query.kind === 'log') {
      const type = query.stages.length > 0 ? 'PipelineExpr' : 'MatchersExpr'
      throw new Refusal(400, `parse error : unexpected type for ${side} leg of binary operation (${operator}): *syntax.${type}`)
    }
    if (['and', 'or', 'unless'].includes(operator) && query.kind === 'number') {
      const value = query.value.toFixed(6)
      throw new Refusal(400, `parse error : unexpected literal for ${side} leg of logical/set binary operation (${operator}): ${value}`)
    }
  }
  // Loki evaluates an operation of two numbers while it parses.
  if (left.kind === 'number' && right.kind === 'number') return { kind: 'number', value: calculate(operator, left.value, right.value) }
  return { kind: 'binary', operator, bool, left: left as MetricQuery, right: right as MetricQuery }
}

/** `rate({...} |= "x" [5m] offset 1h)`. The range may also come directly behind the selector, before the stages. */
function rangeAggregation (node: QueryNode): RangeAggregation {
  const operation = childOf(node, 'RangeOp')!.text.toLowerCase()
  if (!rangeOperations.has(operation)) throw notSupported(node, operation)
  const parameter = childOf(node, 'Number')
  if (parameter !== undefined) throw new Refusal(400, `parse error : parameter ${parameter.text} not supported for operation ${operation}`)
  if (childOf(node, 'Grouping') !== undefined) throw new Refusal(400, `parse error : grouping not allowed for ${operation} aggregation`)
  let window = childOf(node, 'LogRangeExpr')!
  for (let inner: QueryNode | undefined = window; inner !== undefined; inner = childOf(inner, 'LogRangeExpr')) window = inner
  const [unwrap] = allOf(window, 'UnwrapExpr')
  if (unwrap !== undefined) throw notSupported(unwrap, 'unwrap')
  const [offset] = allOf(window, 'OffsetExpr')
  return {
    kind: 'range',
    operation: operation as RangeOperation,
    query: selection(window),
    range: rangeLength(childOf(window, 'Range')!),
    offset: offset === undefined ? 0 : offsetLength(offset)
  }
}

function rangeLength ({ query, from, text }: QueryNode): number {
  const length = text.slice(1, -1)
  const fault = durationFault(length)
  if (fault !== undefined) throw parseError(query, from, fault, true)
  return parseDuration(length)!
}

function offsetLength ({ query, children: [, length] }: QueryNode): number {
  const ns = parseDuration(length!.text)
  if (ns === undefined) throw unexpected(query, length!.from)
  return ns
}

function vectorAggregation (node: QueryNode): VectorAggregation {
  const operation = childOf(node, 'VectorOp')!.text.toLowerCase()
  if (!vectorOperations.has(operation)) throw notSupported(node, operation)
  const group = childOf(node, 'Grouping')
  return {
    kind: 'vector',
    operation: operation as VectorOperation,
    parameter: vectorParameter(operation, childOf(node, 'Number')?.text),
    grouping: group === undefined ? undefined : grouping(group),
    inner: metricQuery(childOf(node, 'MetricExpr')!)
  }
}

/** The k of topk and bottomk. No other operation has one. */
function vectorParameter (operation: string, text: string | undefined): number {
  const refuse = (message: string): Refusal => new Refusal(400, `parse error : ${message}`)
  if (operation !== 'topk' && operation !== 'bottomk') {
    if (text !== undefined) throw refuse(`unsupported parameter for operation ${operation}(${text},`)
    return 0
  }
  if (text === undefined) throw refuse(`parameter required for operation ${operation}`)
  if (!/^\d+$/.test(text)) throw refuse(`invalid parameter ${operation}(${text},`)
  if (Number(text) === 0) throw refuse(`invalid parameter (must be greater than 0) ${operation}(${text}`)
  return Number(text)
}

function grouping (node: QueryNode): Grouping {
  return { without: childOf(node, 'Without') !== undefined, labels: allOf(node, 'Identifier').map(labelName) }
}
