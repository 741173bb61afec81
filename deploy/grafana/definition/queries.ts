import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'
import { DataqueryBuilder as LokiQuery, LokiQueryDirection } from '@grafana/grafana-foundation-sdk/loki'
import { DataqueryBuilder as PrometheusQuery } from '@grafana/grafana-foundation-sdk/prometheus'

/**
 * The data sources are variables of each dashboard, so a dashboard can be imported into a Grafana that already has data
 * sources.
 */
export const LOKI: DataSourceRef = { type: 'loki', uid: '$loki' }
export const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: '$prometheus' }

/** A metric query over the dashboard's range, and the legend of its series. */
export type Plot = readonly [expr: string, legend: string]

/** Quotes a string of LogQL or PromQL without escapes. */
export const raw = (text: string): string => `\`${text}\``

/**
 * `${name:regex}` escapes the value once, for a raw string. A bare `$name` with several values is escaped twice, for
 * double quotes.
 */
export const asRegex = (name: string): string => `\${${name}:regex}`

/** Inserts the text as typed. */
export const asTyped = (name: string): string => `\${${name}:raw}`

/** More than a page of a log shows, and what any Loki yields. */
const MOST_LINES = 1000

export function logLines (expr: string, direction: 'newest first' | 'oldest first' = 'newest first'): LokiQuery {
  const way = direction === 'oldest first' ? LokiQueryDirection.Forward : LokiQueryDirection.Backward
  return new LokiQuery().datasource(LOKI).queryType('range').expr(expr).direction(way).maxLines(MOST_LINES)
}

export function logSeries ([expr, legend]: Plot): LokiQuery {
  return new LokiQuery().datasource(LOKI).queryType('range').expr(expr).legendFormat(legend)
}

export function samples ([expr, legend]: Plot): PrometheusQuery {
  return new PrometheusQuery().datasource(PROMETHEUS).range().expr(expr).legendFormat(legend)
}

/** Queries only the end of the dashboard's range. */
export function latest ([expr, legend]: Plot): PrometheusQuery {
  return new PrometheusQuery().datasource(PROMETHEUS).instant().expr(expr).legendFormat(legend)
}
