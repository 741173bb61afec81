import type { CrossCheck } from './cross-check.ts'
import type { Values } from './options.ts'
import { SOURCES, sources } from './sources.ts'

/** What a route may ask for besides labels. */
const FIELDS = ['source', 'facility']

/** Checks of where records go: what names a path or a label must name one that is there. */
export const ROUTE_CHECKS: readonly CrossCheck[] = [
  {
    reads: ['LOKEAN_LOKI_PATHS', 'LOKEAN_ROUTES', ...SOURCES],
    problem: (v) => {
      const known = (v.LOKEAN_LOKI_PATHS ?? []).map(({ name }) => name)
      const unknown = usedPaths(v).find(({ path }) => !known.includes(path))
      return unknown && `${unknown.setting} has .loki=${unknown.path}, which is no name in LOKEAN_LOKI_PATHS (${known.join(', ') || 'it is not set'})`
    }
  },
  {
    reads: ['LOKEAN_ROUTES', 'LOKEAN_LABELS', 'LOKEAN_LOKI_LABELS', ...SOURCES],
    problem: (v) => {
      const labels = [...v.LOKEAN_LABELS, ...v.LOKEAN_LOKI_LABELS ?? [], ...sources(v).flatMap(source => source.labels)]
      const allowed = [...new Set([...FIELDS, ...labels.map(({ name }) => name)])]
      const unknown = v.LOKEAN_ROUTES?.flatMap(({ when }) => when).find(({ name }) => !allowed.includes(name))
      return unknown && `LOKEAN_ROUTES has the condition ${JSON.stringify(unknown.name)}: must be one of ${allowed.join(', ')}`
    }
  }
]

/** Warns of paths that nothing leads to. */
export function pathWarnings (v: Values): string[] {
  const used = usedPaths(v).map(({ path }) => path)
  const idle = (v.LOKEAN_LOKI_PATHS ?? []).filter(({ name }) => !used.includes(name)).map(({ name }) => name)
  return idle.length === 0 ? [] : [`LOKEAN_LOKI_PATHS has ${idle.join(', ')}, which no address and no route names`]
}

function usedPaths (v: Values): Array<{ setting: string, path: string }> {
  const named: Array<{ setting: string, path?: string | undefined }> = [
    ...sources(v).map(({ name, path }) => ({ setting: name, path })),
    ...(v.LOKEAN_ROUTES ?? []).map(({ path }) => ({ setting: 'LOKEAN_ROUTES', path }))
  ]
  return named.flatMap(({ setting, path }) => path === undefined ? [] : [{ setting, path }])
}
