import { parseGoDuration, readBytes, readNumber } from '../query/quantity.ts'

export type FieldType = 'int' | 'float' | 'boolean' | 'duration' | 'bytes' | 'string'

const booleans = new Set(['1', 't', 'T', 'true', 'TRUE', 'True', '0', 'f', 'F', 'false', 'FALSE', 'False'])

export function fieldType (value: string): FieldType {
  if (/^[+-]?\d+$/.test(value) && Math.abs(Number(value)) < 2 ** 63) return 'int'
  if (readNumber(value) !== undefined) return 'float'
  if (booleans.has(value)) return 'boolean'
  if (parseGoDuration(value) !== undefined) return 'duration'
  return readBytes(value) !== undefined ? 'bytes' : 'string'
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']

/** `10 kB`, with one digit behind the point below ten. */
export function humanBytes (bytes: number): string {
  if (bytes < 10) return `${bytes} B`
  const power = Math.floor(Math.log(bytes) / Math.log(1000))
  const value = Math.floor(bytes / 1000 ** power * 10 + 0.5) / 10
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[power]!}`
}

/** A size as a query takes it; any other value as it is. */
export function asQueried (value: string): string {
  const bytes = /[bkmgtpei]$/i.test(value) ? readBytes(value) : undefined
  return bytes === undefined ? value : humanBytes(bytes).replace(' ', '')
}
