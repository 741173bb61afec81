import { short } from './numbers.ts'
import { TOP, WIDTH, xLabels, yAxis } from './plot.ts'
import { linearScale } from './scale.ts'
import { element, picture, text } from './svg.ts'

export interface Track {
  name: string
  unit: string
  colour: string
  /** In order of time. A null leaves a gap. */
  points: ReadonlyArray<{ seconds: number, value: number | null }>
}

export interface TimeChart {
  title: string
  description: string
  /** The tracks lie one below the other, over the same seconds. */
  tracks: readonly Track[]
  /** A shaded stretch of time. */
  shaded: { from: number, to: number, name: string }
}

const TRACK_HEIGHT = 130
/** From the bottom of one track to the top of the next. */
const TRACK_GAP = 58
const LEFT = 64

/** Draws values over time, one plot for each track. */
export function timeChart (chart: TimeChart): string {
  const seconds = chart.tracks.flatMap(({ points }) => points.map(point => point.seconds))
  const [from, to] = [Math.min(...seconds, chart.shaded.from), Math.max(...seconds, chart.shaded.to)]
  const x = (second: number): number => LEFT + (second - from) / (to - from) * (WIDTH - LEFT - 24)
  const tracks = chart.tracks.map((track, index) => {
    const top = TOP + index * (TRACK_HEIGHT + TRACK_GAP)
    return drawTrack(track, chart.shaded, {
      left: LEFT, right: WIDTH - 24, top, bottom: top + TRACK_HEIGHT
    }, x, secondTicks(from, to), index === 0, index === chart.tracks.length - 1)
  })
  return picture(WIDTH, TOP + chart.tracks.length * (TRACK_HEIGHT + TRACK_GAP) - 4, chart.title, chart.description, tracks.join(''))
}

function drawTrack (
  track: Track, shaded: TimeChart['shaded'], area: { left: number, right: number, top: number, bottom: number },
  x: (second: number) => number, ticks: readonly number[], first: boolean, last: boolean
): string {
  const values = track.points.flatMap(({ value }) => value === null ? [] : [value])
  const scale = linearScale(Math.max(...values, 0), area.bottom, area.top + 16, 4)
  const peak = track.points.reduce((best, point) => (point.value ?? -1) > (best.value ?? -1) ? point : best)
  return [
    element('rect', {
      x: x(shaded.from),
      y: area.top,
      width: x(shaded.to) - x(shaded.from),
      height: area.bottom - area.top,
      class: 'grid',
      'fill-opacity': 0.6
    }),
    first ? text((x(shaded.from) + x(shaded.to)) / 2, area.top + 13, shaded.name, 'muted small', 'middle') : '',
    yAxis(area, scale, ''),
    text(16, area.top - 10, `${track.name}, ${track.unit}`, 'ink strong'),
    element('path', { d: path(track, x, scale.at), class: `line-${track.colour}`, 'stroke-width': 2, 'stroke-linejoin': 'round' }),
    peak.value === null
      ? ''
      : text(Math.min(x(peak.seconds), area.right - 30), scale.at(peak.value) - 5, short(peak.value), 'ink small', 'middle'),
    xLabels(area, ticks.map(tick => ({ x: x(tick), lines: [String(tick)] })), last ? 'seconds' : '')
  ].join('')
}

function path ({ points }: Track, x: (second: number) => number, y: (value: number) => number): string {
  let pen = false
  return points.map(({ seconds, value }) => {
    const command = value === null ? '' : `${pen ? 'L' : 'M'}${x(seconds).toFixed(1)} ${y(value).toFixed(1)}`
    pen = value !== null
    return command
  }).join('')
}

function secondTicks (from: number, to: number): number[] {
  const step = [1, 2, 5, 10, 20, 30, 60].find(size => (to - from) / size <= 14) ?? 120
  const start = Math.ceil(from / step)
  return Array.from({ length: Math.floor(to / step) - start + 1 }, (_, index) => (start + index) * step)
}
