import type { Matcher, Query } from './logql-ast.ts'
import { notSupported, unexpected } from './logql-error.ts'
import { logQuery, selectsAll } from './logql-log.ts'
import { metricQuery } from './logql-metric.ts'
import { grow, type QueryNode } from './logql-tree.ts'
import { Refusal } from '../push/refusal.ts'

const mostBytes = 131_072

/**
 * Parses LogQL by Grafana's own grammar, and returns the query where this Loki answers it (logql-ast.ts). Throws a
 * Refusal (400) with Loki's text, or one that names the part that is not supported.
 */
export function parseQuery (text: string): Query {
  return fromTree(text, (tree) => {
    const inner = tree.children[0]!.children[0]!
    return inner.name === 'LogExpr' ? logQuery(inner) : metricQuery(inner)
  })
}

/** What `make` makes of the tree of a query. Throws a Refusal where the text is no query. */
export function fromTree<T> (text: string, make: (tree: QueryNode) => T): T {
  const bytes = Buffer.byteLength(text)
  if (bytes >= mostBytes) throw new Refusal(400, `parse error : input size too long (${bytes} > ${mostBytes})`)
  try {
    const { tree, misfitAt } = grow(text)
    if (misfitAt !== undefined) throw misfit(text, misfitAt)
    return make(tree)
  } catch (error) {
    throw error instanceof RangeError ? notSupported({ query: text, from: 0 }, 'a query of so many parts') : error
  }
}

/** Parses `{...}` alone, as the label and series endpoints take it. An empty text selects all. */
export function parseSelector (text: string): Matcher[] {
  if (text.trim() === '' || text.trim() === '{}') return []
  const parsed = parseQuery(text)
  if (parsed.kind !== 'log' || parsed.stages.length > 0) throw new Refusal(400, 'only label matchers are supported')
  return parsed.matchers
}

/** Loki's grammar takes `{}`. Loki refuses it later, because it selects all streams. */
function misfit (text: string, at: number): Refusal {
  return text[at] === '}' && text.slice(0, at).trimEnd().endsWith('{') ? selectsAll() : unexpected(text, at)
}
