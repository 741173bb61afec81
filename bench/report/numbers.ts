import type { Spread } from '../outcome/spread.ts'

/** Rounds to three significant digits, with commas between thousands: 0.123, 12.3, 123, 412,000. */
export function figure (value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

/** Formats a figure for a narrow place: 412k, 1.23M. */
export function short (value: number): string {
  if (Math.abs(value) >= 999_500) return `${figure(value / 1e6)}M`
  return Math.abs(value) >= 9_995 ? `${figure(value / 1e3)}k` : figure(value)
}

/** Shows the median, and the range of the repeats in brackets. Equal repeats show only the median. */
export function withSpread ({ median, min, max }: Spread): string {
  return figure(min) === figure(max) ? figure(median) : `${figure(median)} (${figure(min)} to ${figure(max)})`
}

/** 0.5 is 50 %. */
export function percent (share: number): string {
  return `${figure(share * 100)} %`
}

/** Makes a Markdown table. The first column is aligned to the left, the others to the right unless `left` is set. */
export function table (head: readonly string[], rows: ReadonlyArray<readonly string[]>, left = 1): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map((_, column) => column < left ? '---' : '---:')), ...rows.map(line), ''].join('\n')
}
