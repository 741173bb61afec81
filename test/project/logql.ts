import { readFileSync } from 'node:fs'

export const PAGE = 'deploy/grafana/README.md'

/** A question of the page, and its query in LogQL. */
export interface Question { title: string, query: string }

export function questions (): Question[] {
  const [, ...sections] = readFileSync(PAGE, 'utf8').split(/^### /m)
  return sections.map(section => ({ title: section.split('\n')[0], query: /^```logql\n(.*)\n```$/m.exec(section)?.[1] ?? '' }))
}

/** Whether the answer is series of numbers, and no lines. */
export function isMetric (query: string): boolean {
  return !query.startsWith('{')
}

/** Writes the questions as lines for a shell. */
export function logcliLines (): string {
  const lines = questions().map(({ query }) => `logcli ${isMetric(query) ? 'instant-query' : 'query --since=1h'} '${query}'`)
  return ['```sh', ...lines, '```'].join('\n')
}
