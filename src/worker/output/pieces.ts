import { cutAt } from '../streams/labels.ts'

/** `[start, end)` of a line. `number` is `2/3` for the second of three pieces; undefined where the line is whole. */
export interface Piece { start: number, end: number, number: string | undefined }

/** Room for `[100000/100000] ` in front of a piece. */
const PREFIX_BYTES = 16

/**
 * Cuts a line that is longer than `limit` bytes, between two characters. Metadata numbers the pieces (`piece="2/3"`),
 * so that the joined pieces are the line, byte for byte. Where metadata is off, each piece has `prefixOf` in front,
 * within the limit (`prefixed`). The line must be valid UTF-8.
 */
export function piecesOf (line: Uint8Array, limit: number, prefixed: boolean): Piece[] {
  if (line.length <= limit) return [{ start: 0, end: line.length, number: undefined }]
  const ends: number[] = []
  for (let at = 0; at < line.length;) ends.push(at = cutAt(line, at, line.length, limit - (prefixed ? PREFIX_BYTES : 0)))
  return ends.map((end, i) => ({ start: ends[i - 1] ?? 0, end, number: `${i + 1}/${ends.length}` }))
}

export function prefixOf (number: string): string {
  return `[${number}] `
}
