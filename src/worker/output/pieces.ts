import { cutAt } from '../streams/labels.ts'

/**
 * The ends of the pieces of a line. Each piece has at most `limit` bytes, and ends between two characters. The line
 * must be valid UTF-8. An empty line is one piece.
 */
export function pieceEnds (line: Uint8Array, limit: number): number[] {
  const ends: number[] = []
  let at = 0
  do {
    at = cutAt(line, at, line.length, limit)
    ends.push(at)
  } while (at < line.length)
  return ends
}
