import { cutAt } from '../streams/labels.ts'

/** Where to cut a line, valid UTF-8, so that each piece has at most `limit` bytes and no character is broken. An empty line is one piece. */
export function pieceEnds (line: Uint8Array, limit: number): number[] {
  const ends: number[] = []
  let at = 0
  do {
    at = cutAt(line, at, line.length, limit)
    ends.push(at)
  } while (at < line.length)
  return ends
}
