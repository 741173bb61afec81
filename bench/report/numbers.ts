import type { Spread } from '../outcome/results.ts'

/** Three significant digits, thousands with commas: 0.123, 12.3, 123, 412,000. */
export function figure (value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

/** The same for a place with little room: 412k, 1.23M. */
export function short (value: number): string {
  if (Math.abs(value) >= 999_500) return `${figure(value / 1e6)}M`
  return Math.abs(value) >= 9_995 ? `${figure(value / 1e3)}k` : figure(value)
}

/** The median, and in brackets from where to where the repeats went; only the median where they agree. */
export function withSpread ({ median, min, max }: Spread): string {
  return figure(min) === figure(max) ? figure(median) : `${figure(median)} (${figure(min)} to ${figure(max)})`
}

/** 0.5 is 50 %. */
export function percent (share: number): string {
  return `${figure(share * 100)} %`
}

/** A table in Markdown; the first column to the left, the others to the right unless `left`. */
export function table (head: readonly string[], rows: ReadonlyArray<readonly string[]>, left = 1): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map((_, column) => column < left ? '---' : '---:')), ...rows.map(line), ''].join('\n')
}
