import { promDuration } from '../push/loki-text.ts'
import { parseDuration } from '../query/duration.ts'
import { fromTree } from '../query/logql.ts'
import { childOf, type QueryNode } from '../query/logql-tree.ts'
import { aggregationParts, groupingText, innermost, lineOf, operatorText, rangeText, selectorText, unwrapText } from './format-line.ts'
import { stageTexts } from './format-stage.ts'

const mostWidth = 100

/**
 * A query as Loki writes it: on one line where that is no longer than 100 characters, else with its parts on lines of
 * their own. Throws the Refusal of a text that is no query.
 */
export function formatQuery (text: string): string {
  return fromTree(text, (tree) => pretty(tree, 0))
}

const indent = (level: number): string => '  '.repeat(level)

function pretty (node: QueryNode, level: number): string {
  const line = lineOf(node)
  if (line.length <= mostWidth) return indent(level) + line
  switch (node.name) {
    case 'LogQL':
    case 'Expr':
    case 'MetricExpr': return pretty(node.children[0]!, level)
    case 'LogExpr': return pipeline(node, level)
    case 'LogRangeExpr': return range(node, level)
    case 'BinOpExpr': {
      const [left, operator, modifier, right] = node.children
      return `${pretty(left!, level + 1)}\n${indent(level)}${operatorText(operator!, modifier!)}\n${pretty(right!, level + 1)}`
    }
    case 'RangeAggregationExpr': return call(node, '', level) + groupingText(node, ', ')
    case 'VectorAggregationExpr': return call(node, groupingText(node, ', '), level)
    default: return indent(level) + line
  }
}

function call (node: QueryNode, grouping: string, level: number): string {
  const { operation, parameter, inner } = aggregationParts(node)
  const parts = [...(parameter === undefined ? [] : [indent(level + 1) + parameter]), pretty(inner, level + 1)]
  return `${indent(level)}${operation}${grouping}(\n${parts.join(',\n')}\n${indent(level)})`
}

function pipeline (node: QueryNode, level: number): string {
  const inner = childOf(node, 'LogExpr')
  if (inner !== undefined) return pipeline(inner, level)
  const stages = stageTexts(node).map((stage) => stage === '| decolorize' ? stage : indent(level + 1) + stage)
  return [indent(level) + selectorText(node), ...stages].join('\n')
}

function range (window: QueryNode, level: number): string {
  const inner = innermost(window)
  const unwrap = unwrapText(inner)
  const offset = childOf(inner, 'OffsetExpr')
  return pipeline(inner, level) + (unwrap === undefined ? '' : `\n${indent(level + 1)}${unwrap}`) + ` [${rangeText(inner)}]` +
    (offset === undefined ? '' : ` offset ${promDuration(parseDuration(offset.children[1]!.text)! / 1e6)}`)
}
