import { goQuote } from '../store/label-set.ts'

/** In ns. Prometheus' units come first, from the largest down. */
const units: Record<string, number> = {
  y: 31_536_000e9, w: 604_800e9, d: 86_400e9, h: 3600e9, m: 60e9, s: 1e9, ms: 1e6, µs: 1e3, us: 1e3, ns: 1
}
const prometheusUnits = new Set(['y', 'w', 'd', 'h', 'm', 's', 'ms'])
const goUnits = new Set(['h', 'm', 's', 'ms', 'µs', 'us', 'ns'])
const most = 2 ** 63

/**
 * The fault that Prometheus finds in a duration (`1d2h`: whole numbers, each unit smaller than the one before), if any.
 */
export function durationFault (text: string): string | undefined {
  if (text === '') return 'empty duration string'
  if (text === '0') return undefined
  let last = Infinity
  let rest = text
  while (rest !== '') {
    const [part, , unit] = /^(\d+)(\D+)/.exec(rest) ?? ['', '', '']
    if (part !== '' && !prometheusUnits.has(unit)) return `unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`
    if (part === '' || units[unit]! >= last) return `not a valid duration string: ${goQuote(text)}`
    last = units[unit]!
    rest = rest.slice(part.length)
  }
  return total(text) > most ? 'duration out of range' : undefined
}

/**
 * A duration in ns, as LogQL takes it beside a label or behind `offset`: Prometheus' or Go's (`-1.5h`). Undefined where
 * the text is no duration.
 */
export function parseDuration (text: string): number | undefined {
  if (durationFault(text) === undefined) return total(text)
  const [, sign, parts] = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)[a-zµ]+)+)$/.exec(text) ?? []
  if (parts === undefined || [...parts.matchAll(/[a-zµ]+/g)].some(([unit]) => !goUnits.has(unit))) return undefined
  return (sign === '-' ? -1 : 1) * total(parts)
}

/** The sum of all parts of a duration without a fault. */
export function total (text: string): number {
  return [...text.matchAll(/([\d.]+)([a-zµ]+)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0)
}
