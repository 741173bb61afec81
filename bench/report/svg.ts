/** Just enough of SVG 1.1 for charts in a repository viewer: one file without scripts or fonts. */

export type Attributes = Readonly<Record<string, string | number>>

/** Fills and strokes by class, for light and for dark mode. Each fill also has a `line-` class for strokes. */
const COLOURS: ReadonlyArray<readonly [name: string, light: string, dark: string]> = [
  ['background', '#ffffff', '#0d1117'],
  ['ink', '#1f2328', '#e6edf3'],
  ['muted', '#59636e', '#9198a1'],
  ['grid', '#dfe3e8', '#2a313c'],
  ['series0', '#2f6fdb', '#4f8ff7'],
  ['series1', '#dd8a1b', '#e3a14a'],
  ['series2', '#7d56c9', '#a98af0'],
  ['reference', '#c62f3b', '#f2707a']
]

function rules (column: 1 | 2): string {
  return COLOURS.map(colour => `.${colour[0]}{fill:${colour[column]}}.line-${colour[0]}{stroke:${colour[column]};fill:none}`).join('')
}

const STYLE = `text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}.title{font-size:15px;font-weight:600}.strong{font-weight:600}.small{font-size:11px}${rules(1)}@media(prefers-color-scheme:dark){${rules(2)}}`

export function escape (text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}

export function element (name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escape(value)}"`).join('')
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`
}

export function text (x: number, y: number, content: string, classes: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  return element('text', { x, y, class: classes, 'text-anchor': anchor }, escape(content))
}

export function line (x1: number, y1: number, x2: number, y2: number, classes: string, attributes: Attributes = {}): string {
  return element('line', { x1, y1, x2, y2, class: classes, ...attributes })
}

/** Makes the whole file. A screen reader reads `title` and `description`. */
export function picture (width: number, height: number, title: string, description: string, body: string): string {
  return element('svg', {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'aria-labelledby': 'title description'
  },
  element('title', { id: 'title' }, escape(title)),
  element('desc', { id: 'description' }, escape(description)),
  element('style', {}, STYLE),
  element('rect', { width, height, class: 'background' }),
  text(16, 26, title, 'ink title'),
  text(16, 45, description, 'muted'),
  body) + '\n'
}

function round (value: number): number {
  return Math.round(value * 100) / 100
}
