import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'
import { DataqueryBuilder as LokiQuery, LokiQueryDirection } from '@grafana/grafana-foundation-sdk/loki'
import { DataqueryBuilder as PrometheusQuery } from '@grafana/grafana-foundation-sdk/prometheus'

/** The data sources are variables of each dashboard: it can be imported beside others' that are there already. */
export const LOKI: DataSourceRef = { type: 'loki', uid: '$loki' }
export const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: '$prometheus' }

/** A metric query over the dashboard's range, and what its series are called. */
export type Plot = readonly [expr: string, legend: string]

/** A string of LogQL or PromQL in which nothing is escaped. */
export const raw = (text: string): string => `\`${text}\``

/** `${name:regex}` is the value escaped once, for a raw string; a bare `$name` of several values is escaped twice, for double quotes. */
export const asRegex = (name: string): string => `\${${name}:regex}`

/** As it was typed in. */
export const asTyped = (name: string): string => `\${${name}:raw}`

export function logLines (expr: string, direction: 'newest first' | 'oldest first' = 'newest first'): LokiQuery {
  const way = direction === 'oldest first' ? LokiQueryDirection.Forward : LokiQueryDirection.Backward
  return new LokiQuery().datasource(LOKI).queryType('range').expr(expr).direction(way)
}

export function logSeries ([expr, legend]: Plot): LokiQuery {
  return new LokiQuery().datasource(LOKI).queryType('range').expr(expr).legendFormat(legend)
}

export function samples ([expr, legend]: Plot): PrometheusQuery {
  return new PrometheusQuery().datasource(PROMETHEUS).range().expr(expr).legendFormat(legend)
}

/** At the end of the dashboard's range only. */
export function latest ([expr, legend]: Plot): PrometheusQuery {
  return new PrometheusQuery().datasource(PROMETHEUS).instant().expr(expr).legendFormat(legend)
}
