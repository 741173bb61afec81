import {
  CustomVariableBuilder, DatasourceVariableBuilder, QueryVariableBuilder, TextBoxVariableBuilder, VariableHide, VariableRefresh,
  VariableSort
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'
import { LOKI, PROMETHEUS } from './queries.ts'

/** The names of levels in the structured metadata `detected_level`; the last is Loki's own for a line without any. */
export const LEVELS = ['critical', 'error', 'warning', 'info', 'debug', 'unknown']

export const lokiSource = (): DatasourceVariableBuilder => new DatasourceVariableBuilder('loki').label('Loki').type('loki')
export const prometheusSource = (): DatasourceVariableBuilder => new DatasourceVariableBuilder('prometheus').label('Prometheus')
  .type('prometheus')

function labelValues (name: string, datasource: DataSourceRef, query: string | Record<string, unknown>): QueryVariableBuilder {
  return new QueryVariableBuilder(name).datasource(datasource).query(query).refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
}

/** Offers the values of a stream label among the selected streams. */
export function lokiLabel (name: string, selector: string, label = name): QueryVariableBuilder {
  return labelValues(name, LOKI, { refId: 'values', type: 1, label, stream: selector })
}

export function prometheusLabel (name: string, series: string): QueryVariableBuilder {
  return labelValues(name, PROMETHEUS, `label_values(${series}, ${name})`)
}

/** Allows any number of values. All are chosen at first; the regular expression `all` then takes their place. */
export function several<T extends QueryVariableBuilder | CustomVariableBuilder> (variable: T, all = '.+'): T {
  return variable.multi(true).includeAll(true).allValue(all).current({ text: ['All'], value: ['$__all'] }) as T
}

/** The default `.*` also matches records without a level, because an operator may switch metadata off. */
export function levels (): CustomVariableBuilder {
  return several(new CustomVariableBuilder('level').values(LEVELS.join(',')), '.*')
}

export function textBox (name: string, label: string, text: string, description: string): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder(name).label(label).description(description).defaultValue(text).current({ text, value: text })
}

/** Hides a variable that is computed from others. */
export function hidden (variable: QueryVariableBuilder): QueryVariableBuilder {
  return variable.hide(VariableHide.HideVariable)
}
