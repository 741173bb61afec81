import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

export const PROVISIONED = 'deploy/grafana/provisioning/datasources/lokean.yaml'

export interface DerivedField { name: string, matcherType: 'label' | 'regex', matcherRegex: string, url: string, urlDisplayLabel: string }
export interface DataSource { name: string, uid: string, type: string, url: string, jsonData: { derivedFields?: DerivedField[] } }

/** Reads the data sources as Grafana provisions them: `$$` becomes a dollar sign. */
export function dataSources (): DataSource[] {
  const { datasources } = parse(readFileSync(PROVISIONED, 'utf8')) as { datasources: DataSource[] }
  return JSON.parse(JSON.stringify(datasources).replaceAll('$$', '$')) as DataSource[]
}

/** Returns what the field finds in a line, or among its labels and metadata, by Grafana's rules. */
export function derived (
  { matcherType, matcherRegex }: DerivedField, line: string, labels: Readonly<Record<string, string>>
): string | undefined {
  if (matcherType === 'regex') return new RegExp(matcherRegex).exec(line)?.[1]
  const label = Object.keys(labels).find(name => new RegExp(matcherRegex).test(name))
  return label === undefined ? undefined : labels[label]
}

/** The dashboard and the variable that a field's link sets. */
export function target ({ url }: DerivedField): { uid: string, variable: string } {
  const [, uid, variable] = /^\/d\/([\w-]+)\?var-(\w+)=\$\{__value\.raw\}$/.exec(url) ?? []
  if (uid === undefined || variable === undefined) throw new Error(`no link to a dashboard: ${url}`)
  return { uid, variable }
}
