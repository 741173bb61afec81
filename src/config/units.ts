import type { z } from 'zod'
import { parsedBy, InvalidValue } from './text.ts'

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 }

/** Parses a size in bytes: `1048576`, `64 MiB`, `64Mi`, `1.5GiB`, `10 MB`. Undefined where the text is no size. */
export function parseBytes (text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?(b)?$/i.exec(text)
  if (match === null) return undefined
  const [, number = '', unit = ''] = match
  // 1.5 bytes are no size. 1.1 MB are, although 1.1 has no exact binary form.
  if (unit === '' && number.includes('.')) return undefined
  return Math.round(Number(number) * (BYTE_UNITS[unit.toLowerCase()] ?? NaN))
}

/**
 * Parses a duration in milliseconds: `500ms`, `25s`, `10m`, `168h`, `7d`, `1h30m`, `0`. Undefined where the text is no
 * duration, as any other number without a unit.
 */
export function parseDuration (text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?\s*(?:ms|[smhd])\s*)+$/.test(text)) return text === '0' ? 0 : undefined
  let ms = 0
  for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|[smhd])/g)) {
    ms += Number(number) * (DURATION_UNITS[unit] ?? NaN)
  }
  return Math.round(ms)
}

/** Formats with the largest binary unit that divides the size: 1048576 is `1 MiB`, 1000 is `1000 B`. */
export function formatBytes (bytes: number): string {
  for (const [unit, size] of [['TiB', 2 ** 40], ['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size} ${unit}`
  }
  return `${bytes} B`
}

/** Formats with the largest unit that divides the duration: 90000 is `90s`, 7200000 is `2h`. */
export function formatDuration (ms: number): string {
  for (const [unit, size] of [['d', 86400e3], ['h', 3600e3], ['m', 60e3], ['s', 1e3]] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}

// What `meta` has is for the JSON schema of the settings, which also takes numbers for numbers.

/** A size in bytes. `min` and `max` are allowed. */
export function bytesBetween (min: number, max: number): z.ZodType<number, string> {
  return parsedBy((text) => {
    const bytes = parseBytes(text)
    if (bytes !== undefined && bytes >= min && bytes <= max) return bytes
    throw new InvalidValue(`must be a size from ${formatBytes(min)} to ${formatBytes(max)}, such as 64MiB, 500kB or 1048576`)
  }).meta({ type: ['string', 'integer'], pattern: String.raw`^\d+(\.\d+)?\s*([kKmMgGtT][iI]?)?[bB]?$`, minimum: min, maximum: max })
}

/** A duration in milliseconds. `min` and `max` are allowed. */
export function durationBetween (min: number, max: number): z.ZodType<number, string> {
  return parsedBy((text) => {
    const ms = parseDuration(text)
    if (ms !== undefined && ms >= min && ms <= max) return ms
    throw new InvalidValue(`must be a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as 500ms, 25s, 10m or 7d`)
  }).meta({ pattern: String.raw`^(0|(\d+(\.\d+)?\s*(ms|[smhd])\s*)+)$` })
}

/** A time of RFC 3339, in nanoseconds since the epoch. */
export const instant = parsedBy((text) => {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  const ms = match === null ? NaN : Date.parse(`${match[1]}${match[3]}`)
  if (Number.isNaN(ms)) throw new InvalidValue('must be a time such as 2026-11-27T10:00:00Z')
  return BigInt(ms) * 1_000_000n + BigInt((match?.[2] ?? '').padEnd(9, '0'))
})

/** A whole number in decimal digits. `min` and `max` are allowed. */
export function integerBetween (min: number, max: number): z.ZodType<number, string> {
  return parsedBy((text) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN
    if (number >= min && number <= max) return number
    throw new InvalidValue(`must be a whole number from ${min} to ${max}`)
  }).meta({ type: ['string', 'integer'], pattern: String.raw`^\d{1,16}$`, minimum: min, maximum: max })
}

/** One word of a closed list, in upper or lower case. */
export function oneOf<const W extends string> (words: readonly W[]): z.ZodType<W, string> {
  return parsedBy((text) => {
    const word = words.find((candidate) => candidate === text.toLowerCase())
    if (word === undefined) throw new InvalidValue(`must be one of ${words.join(', ')}`)
    return word
  }).meta({ enum: words })
}
