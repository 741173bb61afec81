import { readGoString } from '../push/go-string.ts'
import { goDuration } from '../push/loki-text.ts'
import { parseDuration } from '../query/duration.ts'
import { allOf, childOf, type QueryNode } from '../query/logql-tree.ts'
import { readBytes } from '../query/quantity.ts'
import { goQuote } from '../store/label-set.ts'
import { humanBytes } from './field-type.ts'

export const quotedText = ({ query, from }: QueryNode): string => goQuote(readGoString(query, from).value)

/** The stages below a node, each as one text, with one line for all neighbouring line filters. */
export function stageTexts (node: QueryNode): string[] {
  const texts: string[] = []
  let filters = false
  for (const stage of allOf(node, 'PipelineStage')) {
    const inner = stage.children.find(({ name }) => name !== 'Pipe')!
    const isFilter = inner.name === 'LineFilters'
    if (isFilter && filters) texts.push(`${texts.pop()!} ${stageText(inner)}`)
    else texts.push(stageText(inner))
    filters = isFilter
  }
  return texts
}

function stageText (stage: QueryNode): string {
  const word = /^\w+/.exec(stage.text)?.[0].toLowerCase() ?? ''
  switch (stage.name) {
    case 'LineFilters': return lineFilterTexts(stage).join(' ')
    case 'LabelFilter': return `| ${labelFilterText(stage)}`
    case 'LabelParser': return [`| ${word}`, ...allOf(stage, 'String').map(quotedText)].join(' ')
    case 'JsonExpressionParser':
    case 'LogfmtExpressionParser':
    case 'LogfmtParser': return [
      `| ${word}`,
      ...allOf(stage, 'ParserFlag').map(({ text }) => text),
      allOf(stage, 'LabelExtractionExpression').map(extractionText).join(',')
    ].filter((part) => part !== '').join(' ')
    case 'LineFormatExpr': return `| ${word} ${quotedText(childOf(stage, 'String')!)}`
    case 'LabelFormatExpr': return `| ${word} ${allOf(stage, 'LabelFormatMatcher').map(pairText).join(',')}`
    case 'DropLabelsExpr': return `| ${word} ${allOf(stage, 'DropLabel').map(selectionText).join(',')}`
    case 'KeepLabelsExpr': return `| ${word} ${allOf(stage, 'KeepLabel').map(selectionText).join(',')}`
    default: return `| ${word}`
  }
}

function lineFilterTexts (node: QueryNode): string[] {
  if (node.name === 'Filter' || node.name === 'Or') return [node.text.toLowerCase()]
  if (node.name === 'String') return [quotedText(node)]
  if (childOf(node, 'FilterOp') === undefined) return node.children.flatMap(lineFilterTexts)
  const [sign, , value] = node.children
  return [sign!.text, `ip(${quotedText(value!)})`]
}

export function matcherText ({ children: [name, sign, value] }: QueryNode): string {
  return name!.text + sign!.text + quotedText(value!)
}

function extractionText ({ children: [name, , path] }: QueryNode): string {
  return `${name!.text}=${path === undefined ? `"${name!.text}"` : quotedText(path)}`
}

function pairText ({ children: [name, , value] }: QueryNode): string {
  return `${name!.text}=${value!.name === 'String' ? quotedText(value!) : value!.text}`
}

const selectionText = ({ children: [label] }: QueryNode): string => label!.name === 'Matcher' ? matcherText(label!) : label!.text

/** Loki puts two filters in parentheses, whatever joins them: `( a="b" , c="d" )`. */
export function labelFilterText (filter: QueryNode): string {
  const [left, right] = filter.children.filter(({ name }) => name === 'LabelFilter')
  if (right !== undefined) return `( ${labelFilterText(left!)} ${childOf(filter, 'Or') !== undefined ? 'or' : ','} ${labelFilterText(right)} )`
  if (left !== undefined) return labelFilterText(left)
  const [inner] = filter.children
  if (inner!.name === 'Matcher') return matcherText(inner!)
  if (inner!.name === 'IpLabelFilter') return inner!.text.replaceAll(/\s/g, '')
  const comparison = inner!.name === 'UnitFilter' ? inner!.children[0]! : inner!
  const [name, sign, value] = comparison.children
  return name!.text + (sign!.text === '=' ? '==' : sign!.text) + quantityText(comparison.name, value!.text)
}

function quantityText (kind: string, text: string): string {
  if (kind === 'DurationFilter') return goDuration(BigInt(parseDuration(text)!))
  if (kind === 'BytesFilter') return humanBytes(readBytes(text)!).replace(' ', '')
  return String(Number(text))
}
