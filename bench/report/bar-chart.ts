import type { Spread } from '../outcome/spread.ts'
import { dashed, legend, type Series, TOP, WIDTH, xLabels, yAxis } from './plot.ts'
import { linearScale } from './scale.ts'
import { element, line, picture, text } from './svg.ts'

export interface Bar {
  /** From the bottom up. `colour` is a class of svg.ts. */
  segments: ReadonlyArray<{ value: number, colour: string }>
  /** The spread of the whole bar. */
  spread?: Spread
  /** The text above the group. */
  label: string
  /** A smaller text below the label. */
  detail?: string
}

export interface Panel {
  title?: string
  groups: ReadonlyArray<{ lines: readonly string[], bars: readonly Bar[] }>
}

export interface BarChart {
  title: string
  description: string
  /** The unit of the vertical axis. */
  unit: string
  /** The meaning of the groups. */
  groupsAre: string
  series: readonly Series[]
  /** The panels stand side by side, each with a scale of its own. */
  panels: readonly Panel[]
  reference?: { value: number, name: string }
}

const PLOT_HEIGHT = 240
/** Room above the highest bar for its label. */
const LABEL_ROOM = 34

/**
 * Draws bars in groups, single or stacked. Each has its value above it, and a whisker from the least to the most of the
 * repeats.
 */
export function barChart (chart: BarChart): string {
  const top = TOP + 14 + (chart.panels.some(({ title }) => title !== undefined) ? 20 : 0)
  const bottom = top + PLOT_HEIGHT
  const rows = Math.max(...chart.panels.flatMap(({ groups }) => groups.map(({ lines }) => lines.length)))
  const gap = 64
  const width = (WIDTH - 16 - gap * chart.panels.length) / chart.panels.length
  const panels = chart.panels.map((panel, index) => {
    const left = gap + index * (width + gap)
    return drawPanel(chart, panel, { left, right: left + width, top, bottom }, index === 0)
  })
  return picture(
    WIDTH, bottom + 40 + rows * 14, chart.title, chart.description, legend(chart.series, chart.reference?.name) + panels.join('')
  )
}

function drawPanel (
  chart: BarChart, { title, groups }: Panel, area: { left: number, right: number, top: number, bottom: number }, first: boolean
): string {
  const highest = Math.max(
    chart.reference?.value ?? 0, ...groups.flatMap(({ bars }) => bars.map(bar => Math.max(sum(bar), bar.spread?.max ?? 0)))
  )
  const scale = linearScale(highest, area.bottom, area.top + LABEL_ROOM)
  const step = (area.right - area.left) / groups.length
  const bars = groups.flatMap(({ bars }, group) => {
    const width = Math.min(64, step * 0.78 / bars.length)
    const start = area.left + (group + 0.5) * step - width * bars.length / 2
    return bars.map((bar, index) => drawBar(bar, start + index * width + 2, width - 4, scale.at))
  })
  return [
    title === undefined ? '' : text((area.left + area.right) / 2, area.top - 14, title, 'ink strong', 'middle'),
    yAxis({ ...area, top: area.top + 18 }, scale, first ? chart.unit : ''),
    ...bars,
    xLabels(area, groups.map(({ lines }, group) => ({ x: area.left + (group + 0.5) * step, lines })), chart.groupsAre),
    chart.reference === undefined ? '' : dashed(area.left, area.right, scale.at(chart.reference.value))
  ].join('')
}

function drawBar (bar: Bar, x: number, width: number, at: (value: number) => number): string {
  let below = 0
  const segments = bar.segments.map(({ value, colour }) => {
    const y = at(below + value)
    const drawn = element('rect', { x, y, width, height: at(below) - y, class: colour })
    below += value
    return drawn
  })
  const middle = x + width / 2
  const { spread } = bar
  const whisker = spread === undefined || spread.min === spread.max
    ? ''
    : [
        line(middle, at(spread.min), middle, at(spread.max), 'line-ink'),
        line(middle - 5, at(spread.min), middle + 5, at(spread.min), 'line-ink'),
        line(middle - 5, at(spread.max), middle + 5, at(spread.max), 'line-ink')
      ].join('')
  const above = Math.min(at(below), spread === undefined ? Infinity : at(spread.max)) - 6
  const label = text(middle, above - (bar.detail === undefined ? 0 : 13), bar.label, 'ink strong', 'middle')
  return [...segments, whisker, label, bar.detail === undefined ? '' : text(middle, above, bar.detail, 'muted small', 'middle')].join('')
}

function sum ({ segments }: Bar): number {
  return segments.reduce((total, { value }) => total + value, 0)
}
