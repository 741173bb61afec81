import { figure } from './numbers.ts'
import { legend, type Series, TOP, WIDTH, xLabels, yAxis } from './plot.ts'
import { logScale, type Scale, spaced } from './scale.ts'
import { element, line, picture, text } from './svg.ts'

export interface RangePanel {
  title: string
  /** `values` has the order of the series. */
  places: ReadonlyArray<{ label: string, values: readonly number[] }>
}

export interface RangeChart {
  title: string
  description: string
  unit: string
  placesAre: string
  series: readonly Series[]
  panels: readonly RangePanel[]
}

const PLOT_HEIGHT = 260
const LEFT = 52
const GAP = 14
/** The distance of two labels' baselines. */
const LABEL_STEP = 13

/**
 * Draws points above each other, joined by a line, on one logarithmic axis for all panels. It shows how far percentiles
 * lie apart.
 */
export function rangeChart (chart: RangeChart): string {
  const top = TOP + 34
  const bottom = top + PLOT_HEIGHT
  const values = chart.panels.flatMap(({ places }) => places.flatMap(place => place.values)).filter(value => value > 0)
  const scale = logScale(Math.min(...values), Math.max(...values), bottom, top)
  const width = (WIDTH - LEFT - 16 - GAP * (chart.panels.length - 1)) / chart.panels.length
  const panels = chart.panels.map(({ title, places }, index) => {
    const left = LEFT + index * (width + GAP)
    const area = { left, right: left + width, top, bottom }
    const step = width / places.length
    // The labels stand to the right of the points; both together are centred.
    const columns = places.map((place, at) => ({ ...place, x: left + (at + 0.5) * step - 14 }))
    return [
      text(left + width / 2, top - 14, title, 'ink strong', 'middle'),
      yAxis(area, scale, chart.unit, index === 0),
      ...columns.map(({ values, x }) => drawRange(values, x, scale, chart.series)),
      xLabels(area, columns.map(({ label, x }) => ({ x: x + 14, lines: [label] })), '')
    ].join('')
  })
  const places = text((LEFT + WIDTH - 16) / 2, bottom + 40, chart.placesAre, 'muted', 'middle')
  return picture(WIDTH, bottom + 56, chart.title, chart.description, legend(chart.series) + panels.join('') + places)
}

function drawRange (values: readonly number[], x: number, scale: Scale, series: readonly Series[]): string {
  // A value too small for the axis is drawn at its bottom.
  const heights = values.map(value => scale.at(Math.max(value, scale.ticks[0])))
  const labels = spaced(heights, LABEL_STEP)
  return [
    line(x, Math.min(...heights), x, Math.max(...heights), 'line-muted'),
    ...values.flatMap((value, index) => [
      element('circle', { cx: x, cy: heights[index], r: 4, class: series[index].colour }),
      text(x + 8, labels[index] + 4, figure(value), 'ink small')
    ])
  ].join('')
}
