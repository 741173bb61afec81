import { goDuration, promDuration } from '../push/loki-text.ts'
import { parseDuration } from '../query/duration.ts'
import { allOf, childOf, type QueryNode } from '../query/logql-tree.ts'
import { labelFilterText, matcherText, quotedText, stageTexts } from './format-stage.ts'

/** An expression as Loki writes it on one line. Brackets around it say nothing, so they are left out. */
export function lineOf (node: QueryNode): string {
  switch (node.name) {
    case 'LogExpr': {
      const inner = childOf(node, 'LogExpr')
      return inner === undefined ? [selectorText(node), ...stageTexts(node)].join(' ') : lineOf(inner)
    }
    case 'LogRangeExpr': return rangeLine(innermost(node))
    case 'BinOpExpr': {
      const [left, operator, modifier, right] = node.children
      return `(${lineOf(left!)} ${operatorText(operator!, modifier!)} ${lineOf(right!)})`
    }
    case 'LiteralExpr': return node.text.replaceAll(/\s/g, '')
    case 'VectorExpr': return `vector(${Number(childOf(node, 'Number')!.text).toFixed(6)})`
    case 'LabelReplaceExpr':
      return `label_replace(${[lineOf(childOf(node, 'MetricExpr')!), ...allOf(node, 'String').slice(-4).map(quotedText)].join(',')})`
    case 'RangeAggregationExpr': return `${callLine(node, '')}${groupingText(node, ',')}`
    case 'VectorAggregationExpr': return callLine(node, groupingText(node, ','))
    default: return lineOf(node.children[0]!)
  }
}

export function aggregationParts (node: QueryNode): { operation: string, parameter: string | undefined, inner: QueryNode } {
  const number = childOf(node, 'Number')
  return {
    operation: node.children[0]!.text.toLowerCase(),
    parameter: number === undefined ? undefined : String(Number(number.text)),
    inner: childOf(node, 'MetricExpr') ?? childOf(node, 'LogRangeExpr')!
  }
}

function callLine (node: QueryNode, grouping: string): string {
  const { operation, parameter, inner } = aggregationParts(node)
  return `${operation}${grouping}(${parameter === undefined ? '' : `${parameter},`}${lineOf(inner)})`
}

/** ` by (a,b)` */
export function groupingText (node: QueryNode, comma: string): string {
  const grouping = childOf(node, 'Grouping')
  if (grouping === undefined) return ''
  return ` ${grouping.children[0]!.text.toLowerCase()} (${allOf(grouping, 'Identifier').map(({ text }) => text).join(comma)})`
}

export function operatorText (operator: QueryNode, modifier: QueryNode): string {
  const matching = childOf(modifier, 'OnOrIgnoringModifier')
  const side = childOf(modifier, 'GroupLeft') ?? childOf(modifier, 'GroupRight')
  const [names, sideNames] = allOf(modifier, 'GroupingLabels').map((list) => allOf(list, 'LabelName').map(({ text }) => text).join(','))
  return [
    operator.text.toLowerCase(),
    ...(childOf(modifier, 'Bool') === undefined ? [] : ['bool']),
    ...(matching === undefined ? [] : [`${/^\w+/.exec(matching.text)![0].toLowerCase()} (${names ?? ''})`]),
    ...(side === undefined ? [] : [`${side.text.toLowerCase()} (${sideNames ?? ''})`])
  ].join(' ')
}

export function selectorText (node: QueryNode): string {
  return `{${allOf(childOf(node, 'Selector')!, 'Matcher').map(matcherText).join(', ')}}`
}

/** The window itself, where it stands in brackets. */
export function innermost (window: QueryNode): QueryNode {
  const inner = childOf(window, 'LogRangeExpr')
  return inner === undefined ? window : innermost(inner)
}

/** Also where the range stands before the stages, Loki writes it behind them. */
function rangeLine (window: QueryNode): string {
  const unwrap = unwrapText(window)
  const offset = childOf(window, 'OffsetExpr')
  return [selectorText(window), ...stageTexts(window), ...(unwrap === undefined ? [] : [unwrap])].join(' ') + `[${rangeText(window)}]` +
    (offset === undefined ? '' : ` offset ${goDuration(BigInt(parseDuration(offset.children[1]!.text)!))}`)
}

export function rangeText (window: QueryNode): string {
  return promDuration(parseDuration(childOf(window, 'Range')!.text.slice(1, -1))! / 1e6)
}

export function unwrapText (window: QueryNode): string | undefined {
  const unwrap = childOf(window, 'UnwrapExpr')
  if (unwrap === undefined) return undefined
  const innermostUnwrap = (node: QueryNode): QueryNode => {
    const inner = childOf(node, 'UnwrapExpr')
    return inner === undefined ? node : innermostUnwrap(inner)
  }
  const { children } = innermostUnwrap(unwrap)
  const label = children.find(({ name }) => name === 'Identifier')!.text
  const conversion = children.find(({ name }) => name === 'ConvOp')?.text.toLowerCase()
  const filters = allOf(unwrap, 'LabelFilter').map((filter) => ` | ${labelFilterText(filter)}`)
  return `| unwrap ${conversion === undefined ? label : `${conversion}(${label})`}${filters.join('')}`
}
