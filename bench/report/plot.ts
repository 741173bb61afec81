import { short } from './numbers.ts'
import type { Scale } from './scale.ts'
import { element, line, text } from './svg.ts'

export const WIDTH = 760
/** The top of a plot, below title and legend. */
export const TOP = 92

/** The place of a plot within the picture, in pixels. */
export interface Area { left: number, right: number, top: number, bottom: number }

export interface Series { name: string, colour: string }

/** Draws horizontal lines with their values on the left and the unit above. */
export function yAxis (area: Area, scale: Scale, unit: string, labels = true): string {
  const lines = scale.ticks.map(tick => line(area.left, scale.at(tick), area.right, scale.at(tick), 'line-grid'))
  const values = labels ? scale.ticks.map(tick => text(area.left - 8, scale.at(tick) + 4, short(tick), 'muted', 'end')) : []
  return [...lines, ...values, labels ? text(16, area.top - 12, unit, 'muted small') : ''].join('')
}

/** Labels the places of the horizontal axis, and the axis itself. */
export function xLabels (area: Area, places: ReadonlyArray<{ x: number, lines: readonly string[] }>, what: string): string {
  const rows = Math.max(...places.map(({ lines }) => lines.length))
  return [
    line(area.left, area.bottom, area.right, area.bottom, 'line-muted'),
    ...places.flatMap(({ x, lines }) =>
      lines.map((content, row) => text(x, area.bottom + 18 + row * 14, content, row === 0 ? 'ink' : 'muted small', 'middle'))),
    what === '' ? '' : text((area.left + area.right) / 2, area.bottom + 24 + rows * 14, what, 'muted', 'middle')
  ].join('')
}

/** Draws a row of coloured squares with names below the description. The name of the dashed line comes last. */
export function legend (series: readonly Series[], reference?: string): string {
  let x = 16
  const squares = series.map(({ name, colour }) => {
    const at = x
    x += 32 + name.length * 6.7
    return element('rect', { x: at, y: 57, width: 10, height: 10, rx: 2, class: colour }) + text(at + 15, 66, name, 'ink')
  })
  return squares.join('') + (reference === undefined ? '' : dashed(x, x + 24, 62) + text(x + 30, 66, reference, 'ink'))
}

/** Draws a line across a plot. The legend explains it. */
export function dashed (from: number, to: number, y: number): string {
  return line(from, y, to, y, 'line-reference', { 'stroke-width': 1.5, 'stroke-dasharray': '6 4' })
}
