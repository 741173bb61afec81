import { element, escape } from '../report/svg.ts'
import type { ShownLine } from './record.ts'

const COLUMNS = 112
const LINE_HEIGHT = 19
const MARGIN = 20
const CHARACTER_WIDTH = 7.83

/** Where a viewer plays no animations, or is asked for none, all lines are there from the start. */
const STYLE = 'text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#c9d1d9;white-space:pre}' +
  '.typed{fill:#7ee787;font-weight:600}.query{fill:#79c0ff;font-weight:600}' +
  '@media(prefers-reduced-motion:no-preference){text{animation:come 1ms both}@keyframes come{from{opacity:0}to{opacity:1}}}'

/** Draws what a terminal showed of a command, each line at the time at which it came. */
export function drawing (command: string, lines: readonly ShownLine[], description: string): string {
  const shown = [{ afterMs: 0, text: `$ ${command}` }, ...lines]
  const [width, height] = [Math.ceil(COLUMNS * CHARACTER_WIDTH) + 2 * MARGIN, shown.length * LINE_HEIGHT + 2 * MARGIN]
  return element('svg', {
    xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-labelledby': 'title description'
  },
  element('title', { id: 'title' }, escape(command)),
  element('desc', { id: 'description' }, escape(description)),
  element('style', {}, STYLE),
  element('rect', { width, height, rx: 8, fill: '#0d1117' }),
  ...shown.map(({ afterMs, text }, row) => '\n' + element('text', {
    x: MARGIN, y: MARGIN + (row + 0.75) * LINE_HEIGHT, class: kind(text), style: `animation-delay:${Math.round(afterMs)}ms`
  }, escape(cut(text))))) + '\n'
}

function kind (text: string): string {
  if (text.startsWith('$ ')) return 'typed'
  return text.startsWith('{') ? 'query' : 'line'
}

function cut (text: string): string {
  return text.length > COLUMNS ? `${text.slice(0, COLUMNS - 1)}…` : text
}
