import { parser } from '@grafana/lezer-logql'

type LezerNode = ReturnType<typeof parser.parse>['topNode']

/** A node of the tree that Grafana's grammar makes of a query. Brackets, commas and blanks have no nodes. */
export interface QueryNode {
  /** The text of the whole query. */
  query: string
  name: string
  from: number
  text: string
  children: QueryNode[]
}

/** The name of a node where a part is missing, or does not belong. */
const gap = '⚠'
const mostCommas = 100

const strict = parser.configure({ strict: true })

/**
 * The tree of a query, and the place of the first token that does not fit, if any. The tree of a text that is no query
 * has gaps. Loki joins label filters that have no comma between them. The grammar wants one, and gets it.
 */
export function grow (query: string): { tree: QueryNode, misfitAt: number | undefined } {
  let text = query
  let fault = firstFault(text)
  const commas: number[] = []
  while (fault !== undefined && commas.length < mostCommas && startsFilter(text, fault)) {
    const joined = `${text.slice(0, fault)},${text.slice(fault)}`
    const next = firstFault(joined)
    if (next !== undefined && next <= fault + 1) break
    commas.push(fault)
    text = joined
    fault = next
  }
  const place = (at: number): number => at - commas.filter((comma) => comma < at).length
  const tree = plant(parser.parse(text).topNode, { query, text, place })
  // The grammar lets a query end behind `sum({...}`, and makes no expression of it.
  if (fault === undefined && (tree.children.length !== 1 || tree.children[0]!.name !== 'Expr')) fault = text.length
  const foreign = foreignBlank(query)
  return { tree, misfitAt: fault === undefined ? foreign : Math.min(place(fault), foreign ?? Infinity) }
}

function plant (node: LezerNode, ground: { query: string, text: string, place: (at: number) => number }): QueryNode {
  const children: QueryNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(plant(child, ground))
  }
  return { query: ground.query, name: node.name, from: ground.place(node.from), text: ground.text.slice(node.from, node.to), children }
}

function firstFault (text: string): number | undefined {
  try {
    strict.parse(text)
    return undefined
  } catch (error) {
    const at = /^No parse at (\d+)$/.exec((error as Error).message)?.[1]
    if (at === undefined) throw error
    return Number(at)
  }
}

/** Whether a label filter ends right before `at`, where another may begin. */
function startsFilter (text: string, at: number): boolean {
  if (!/^[\p{L}_(]/u.test(text.slice(at))) return false
  for (let node: LezerNode | null = parser.parse(text.slice(0, at)).topNode; node !== null;) {
    if (node.name === 'LabelFilter') return true
    let last: LezerNode | null = node.lastChild
    while (last?.type.isError === true || last?.name === 'LineComment') last = last.prevSibling
    node = last
  }
  return false
}

/** The first character that the grammar skips as blank and Loki does not. */
function foreignBlank (text: string): number | undefined {
  for (const { index, groups } of text.matchAll(/"(?:[^"\\]|\\.)*"|`[^`]*`|#[^\n]*|(?<foreign>[^\S\t\n\r ])/gs)) {
    if (groups?.foreign !== undefined) return index
  }
  return undefined
}

/** The nodes from the root down to the first gap, which is the last of them. Empty where there is no gap. */
export function pathToGap (node: QueryNode): QueryNode[] {
  if (node.name === gap) return [node]
  for (const child of node.children) {
    const path = pathToGap(child)
    if (path.length > 0) return [node, ...path]
  }
  return []
}

export function childOf (node: QueryNode, name: string): QueryNode | undefined {
  return node.children.find((child) => child.name === name)
}

/** All nodes of a name below `node`, in the order of the text, but none that lies within another. */
export function allOf (node: QueryNode, name: string): QueryNode[] {
  return node.children.flatMap((child) => child.name === name ? [child] : allOf(child, name))
}

export function depthOf (node: QueryNode): number {
  return 1 + node.children.reduce((most, child) => Math.max(most, depthOf(child)), 0)
}
