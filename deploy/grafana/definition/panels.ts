import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import {
  BigValueGraphMode, GraphDrawStyle, LegendDisplayMode, LegendPlacement, LogsSortOrder, ReduceDataOptionsBuilder, StackingConfigBuilder,
  StackingMode, TooltipDisplayMode, VizLegendOptionsBuilder, VizTooltipOptionsBuilder
} from '@grafana/grafana-foundation-sdk/common'
import { FieldColorBuilder, FieldColorModeId, MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as LogsPanel } from '@grafana/grafana-foundation-sdk/logs'
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import { LOKI, PROMETHEUS, logLines, logSeries, latest, samples, type Plot } from './queries.ts'

interface Targets { targets: (targets: Array<Builder<Dataquery>>) => unknown }
interface Query { refId: (id: string) => unknown }

/** Grafana names the queries of a panel A, B, C... */
function ask<P extends Targets> (panel: P, queries: Array<Builder<Dataquery> & Query>): P {
  for (const [i, query] of queries.entries()) query.refId(String.fromCharCode(65 + i))
  panel.targets(queries)
  return panel
}

const LEVEL_COLOURS = { critical: 'purple', error: 'red', warning: 'orange', info: 'green', debug: 'blue' }

function plotted (title: string, unit: string): TimeSeries {
  return new TimeSeries().title(title).unit(unit).min(0).span(12).height(8).lineWidth(1).fillOpacity(10)
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
}

/** Draws Prometheus series as lines. */
export function graph (title: string, unit: string, ...plots: Plot[]): TimeSeries {
  return ask(plotted(title, unit).datasource(PROMETHEUS), plots.map(samples))
}

/** Stacks the areas of a panel. */
export function stacked (panel: TimeSeries): TimeSeries {
  return panel.fillOpacity(60).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
}

/** Draws numbers of log lines as stacked bars. A series named like a level gets that level's colour. */
export function logVolume (title: string, ...plots: Plot[]): TimeSeries {
  const panel = stacked(plotted(title, 'short')).datasource(LOKI).drawStyle(GraphDrawStyle.Bars).fillOpacity(80).lineWidth(0).span(24)
    .height(6)
  for (const [level, fixedColor] of Object.entries(LEVEL_COLOURS)) {
    panel.overrideByName(level, [{ id: 'color', value: { mode: 'fixed', fixedColor } }])
  }
  return ask(panel, plots.map(logSeries))
}

export function logPanel (title: string, expr: string, direction: 'newest first' | 'oldest first' = 'newest first'): LogsPanel {
  return ask(new LogsPanel().title(title).datasource(LOKI).span(24).height(14), [logLines(expr, direction)])
    .showTime(true).wrapLogMessage(true).enableLogDetails(true)
    .sortOrder(direction === 'oldest first' ? LogsSortOrder.Ascending : LogsSortOrder.Descending)
}

/**
 * Counts lines by labels, the most first, of the lines that a log query yields: so no choice, and no number of hosts,
 * makes more series than Loki allows.
 */
export function tally (
  title: string, expr: string, labels: string[], direction: 'newest first' | 'oldest first' = 'newest first'
): TablePanel {
  const grouped = Object.fromEntries(labels.map(label => [label, { aggregations: [] as string[], operation: 'groupby' }]))
  const fields = { ...grouped, Line: { aggregations: ['count'], operation: 'aggregate' } }
  return ask(new TablePanel().title(title).datasource(LOKI).span(24).height(6), [logLines(expr, direction)])
    .withTransformation({ id: 'extractFields', options: { source: 'labels', replace: false, keepTime: false } })
    .withTransformation({ id: 'groupBy', options: { fields } })
    .withTransformation({ id: 'sortBy', options: { sort: [{ field: 'Line (count)', desc: true }] } })
}

/** Shows the newest value in large type, with its history behind it. */
export function figure (title: string, unit: string, plot: Plot, width = 4): StatPanel {
  return ask(
    new StatPanel().title(title).unit(unit).datasource(PROMETHEUS).span(width).height(4).graphMode(BigValueGraphMode.Area), [samples(plot)]
  )
}

/** Shows the newest value's name instead of the value. */
export function naming (title: string, plot: Plot, width = 4): StatPanel {
  return ask(new StatPanel().title(title).datasource(PROMETHEUS).span(width).height(4), [latest(plot)])
    .graphMode(BigValueGraphMode.None).reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull'])).displayName(plot[1])
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor('text'))
}

export interface State { value: number, text: string, colour: string }

/** Draws each series as a bar, coloured by its state over time. */
export function states (title: string, shown: State[], ...plots: Plot[]): StateTimeline {
  const options = Object.fromEntries(shown.map(({ value, text, colour }, index) => [String(value), { text, color: colour, index }]))
  const mapping: ValueMapping = { type: MappingType.ValueToText, options }
  return ask(new StateTimeline().title(title).datasource(PROMETHEUS).span(12).height(8).mappings([mapping]), plots.map(samples))
}
