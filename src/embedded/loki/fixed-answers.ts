import { rejectReasons } from './push/refusal.ts'
import type { LokiStats } from './stats.ts'
import type { Store } from './store/store.ts'
import type { LokiVersion } from './version.ts'

type Fixed = [status: number, text: string, type: string]

const none = (kind: string): string => JSON.stringify({ status: 'success', data: { [kind]: [] }, errorType: '', error: '' })

/** This Loki has no rules and no alerts. Grafana asks for them. */
export const ruler: Readonly<Record<string, Fixed>> = {
  '/loki/api/v1/rules': [404, 'no rule groups found\n', 'text/plain; charset=utf-8'],
  '/prometheus/api/v1/rules': [200, none('groups'), 'application/json'],
  '/prometheus/api/v1/alerts': [200, none('alerts'), 'application/json']
}

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/** Some of the real one's metrics, by its names. */
export function metricsText (version: LokiVersion, store: Store, { entries, duplicates, rejected }: LokiStats): string {
  const streams = store.tenants().map((tenant): Value => [{ tenant }, store.streamsOf(tenant)])
  const discarded = rejectReasons.map((reason): Value => [{ reason }, rejected[reason]])
  return [
    ...metric('loki_build_info', 'gauge', 'Which Loki this answers as.', [[{ version, revision: 'embedded', branch: 'lokean' }, 1]]),
    ...metric('loki_distributor_lines_received_total', 'counter', 'Entries that were taken, repeats too.', [[{}, entries + duplicates]]),
    ...metric('loki_ingester_memory_streams', 'gauge', 'Streams in memory.', streams),
    ...metric('loki_discarded_samples_total', 'counter', 'Entries that were not stored.', discarded)
  ].join('\n') + '\n'
}

type Value = [labels: Record<string, string>, value: number]

function metric (name: string, type: string, help: string, values: readonly Value[]): string[] {
  const series = values.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`)
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
  })
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...series]
}
