import { cutAt } from '../streams/labels.ts'
import { piecesOf, prefixOf } from './pieces.ts'
import type { PushEntry } from './push-schema.ts'

interface Arrival {
  arrivalSeconds: number
  arrivalNanos: number
}

/** Bytes of a metadata value that no Loki refuses, whatever its limits. */
const SAFE_VALUE_BYTES = 256

/** A pair of metadata with a value that is short enough for any Loki. */
export function shortPair (name: string, text: string): { name: string, value: string } {
  const value = Buffer.from(text)
  return { name, value: value.toString('utf8', 0, cutAt(value, 0, value.length, SAFE_VALUE_BYTES)) }
}

/**
 * Makes the entries of a line in quarantine where the encoder cannot: each piece of the line at a nanosecond of its own
 * from the arrival on. `told` is the metadata of each; undefined where metadata is off. A piece that is cut again keeps
 * its number in front (`piece="2/3 1/2"`).
 */
export function quarantineEntries (
  text: string, maxLineBytes: number, told: PushEntry['structuredMetadata'] | undefined, { arrivalSeconds, arrivalNanos }: Arrival
): PushEntry[] {
  const line = Buffer.from(text)
  const others = told?.filter(({ name }) => name !== 'piece')
  const whole = told?.find(({ name }) => name === 'piece')?.value
  return piecesOf(line, maxLineBytes, told === undefined).map(({ start, end, number }, i) => {
    const nanos = arrivalNanos + i
    const piece = [whole, number].filter(one => one !== undefined).join(' ')
    return {
      timestamp: { seconds: arrivalSeconds + Math.floor(nanos / 1e9), nanos: nanos % 1e9 },
      line: (number !== undefined && told === undefined ? prefixOf(number) : '') + line.toString('utf8', start, end),
      structuredMetadata: others === undefined ? [] : [...others, ...(piece === '' ? [] : [{ name: 'piece', value: piece }])]
    }
  })
}
