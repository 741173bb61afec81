import type { StoredStream } from '../store/stored-stream.ts'
import type { Store } from '../store/store.ts'
import { lowerBound } from './log-query.ts'
import { parseSelector } from './logql.ts'
import type { Matcher } from './logql-ast.ts'
import { selectStreams } from './pipeline.ts'
import { parseBounds } from './query-params.ts'

/**
 * The streams that any of the selectors in these parameters selects, or all where there is none. Where the request
 * gives times, only those with entries between them.
 */
export function chosenStreams (
  store: Store, tenant: string, params: URLSearchParams, names: readonly string[], nowMs: number
): StoredStream[] {
  const selectors = names.flatMap((name) => params.getAll(name)).filter((text) => text !== '').map(parseSelector)
  const chosen = new Set<StoredStream>()
  for (const matchers of selectors.length === 0 ? [[]] as Matcher[][] : selectors) {
    for (const stream of selectStreams(store, tenant, matchers)) chosen.add(stream)
  }
  if (!params.get('start') && !params.get('end') && !params.get('since')) return [...chosen]
  const { start, end } = parseBounds(params, nowMs)
  const { table } = store
  return [...chosen].filter((stream) => {
    const rows = stream.sorted(table)
    return lowerBound(rows, table, start) < lowerBound(rows, table, end + 1n)
  })
}
