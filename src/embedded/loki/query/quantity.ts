import { parseDuration } from './duration.ts'

/** How a comparison reads the value of a label. */
export type Quantity = 'number' | 'duration' | 'bytes'

const powers = ['', 'k', 'm', 'g', 't', 'p', 'e']

/** The value as a number: of a duration in ns, of a size in bytes. Where it is none, the fault in Go's words. */
export function readQuantity (text: string, quantity: Quantity): number | { fault: string } {
  const value = { number: readNumber, duration: parseGoDuration, bytes: readBytes }[quantity](text)
  if (value !== undefined) return value
  if (quantity === 'number') return { fault: `strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax` }
  if (quantity === 'duration') return { fault: `time: invalid duration ${JSON.stringify(text)}` }
  const digits = /^[\d.,]*/.exec(text)![0].replaceAll(',', '')
  return { fault: readNumber(digits) === undefined ? `strconv.ParseFloat: parsing ${JSON.stringify(digits)}: invalid syntax` : `unhandled size name: ${text.slice(digits.length).trim().toLowerCase()}` }
}

export function readNumber (text: string): number | undefined {
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return NaN
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}

/** Go's alone: Prometheus' days and weeks are none. */
export function parseGoDuration (text: string): number | undefined {
  return /[dwy]/.test(text) ? undefined : parseDuration(text)
}

/** `10KB` is 10,000 and `10KiB` is 10,240. */
export function readBytes (text: string): number | undefined {
  const [, count, unit] = /^([\d.,]+) *([a-z]*)$/i.exec(text) ?? []
  const [, prefix, binary] = /^([kmgtpe]?)(i?)b?$/i.exec(unit ?? '-') ?? []
  const value = readNumber((count ?? '').replaceAll(',', ''))
  if (prefix === undefined || value === undefined || (prefix === '' && binary !== '')) return undefined
  return Math.trunc(value * (binary === '' ? 1000 : 1024) ** powers.indexOf(prefix.toLowerCase()))
}
