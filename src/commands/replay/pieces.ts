import { ADDED_BY_LOKI, type FoundEntry, quarantineReason } from './found-entry.ts'

/** The piece `k` of the `of` pieces of a line. `outer` is the number of the piece that was cut again, where it was. */
interface Piece { k: number, of: number, outer: string, text: string }

/** A line of which some pieces are there. `first`: the time that its first piece has, or should have. */
interface OpenLine { first: bigint, pieces: Array<{ entry: FoundEntry, text: string } | undefined>, missing: number }

/** More pieces than the longest message makes. */
const MOST_PIECES = 1_000_000

/**
 * Joins the pieces of lines that were longer than Loki takes. The pieces of a line lie in one stream, each a nanosecond
 * behind the one before. A piece that Loki refused for its length was cut again, and its pieces came later: they are
 * joined first, and then take the place that is open.
 *
 * Metadata numbers the pieces. Where metadata is off, a number in front of the line does.
 */
export class Pieces {
  readonly #open = new Map<string, OpenLine[]>()

  /** Returns the entry with its whole line; undefined while pieces of it are missing. */
  add (entry: FoundEntry, cutAgain = false): FoundEntry | undefined {
    const piece = pieceOf(entry)
    if (piece === undefined) return entry
    const key = keyOf(entry, piece)
    const lines = this.#open.get(key) ?? []
    const line = place(lines, piece, BigInt(entry.timestamp) - BigInt(piece.k - 1), cutAgain)
    line.pieces[piece.k - 1] = { entry, text: piece.text }
    if (--line.missing > 0) {
      this.#open.set(key, lines)
      return undefined
    }
    lines.splice(lines.indexOf(line), 1)
    if (lines.length === 0) this.#open.delete(key)
    return this.add(joined(line, piece.outer), true)
  }

  /** The pieces of which others are missing, as they are. */
  * incomplete (): Generator<FoundEntry> {
    for (const { pieces } of [...this.#open.values()].flat()) yield * pieces.flatMap(piece => piece === undefined ? [] : [piece.entry])
  }
}

function pieceOf (entry: FoundEntry): Piece | undefined {
  const { piece, address } = entry.metadata
  const inMetadata = /^(?:(.*) )?(\d+)\/(\d+)$/.exec(piece ?? '')
  if (inMetadata !== null) return checked(inMetadata[2], inMetadata[3], inMetadata[1] ?? '', entry.line)
  // With an address in metadata, numbers are in metadata too.
  if (address !== undefined || quarantineReason(entry) === undefined) return undefined
  const inLine = /^\[(\d+)\/(\d+)\] (.*)$/s.exec(entry.line)
  return inLine === null ? undefined : checked(inLine[1], inLine[2], '', inLine[3] ?? '')
}

function checked (number: string | undefined, count: string | undefined, outer: string, text: string): Piece | undefined {
  const [k, of] = [Number(number), Number(count)]
  return k >= 1 && of >= 2 && k <= of && of <= MOST_PIECES ? { k, of, outer, text } : undefined
}

/** What the pieces of one line have in common. */
function keyOf ({ tenant, labels, metadata }: FoundEntry, { of, outer }: Piece): string {
  const told = Object.entries(metadata).filter(([name]) => name !== 'piece' && name !== ADDED_BY_LOKI).sort()
  return JSON.stringify([tenant, Object.entries(labels).sort(), told, of, outer])
}

/** The line of the piece: a known one that lacks it, or a new one at the end of the list. */
function place (lines: OpenLine[], { k, of }: Piece, first: bigint, cutAgain: boolean): OpenLine {
  const known = lines.find(line => line.pieces[k - 1] === undefined && (cutAgain || line.first === first))
  if (known !== undefined) return known
  const line: OpenLine = { first, pieces: new Array<undefined>(of).fill(undefined), missing: of }
  lines.push(line)
  return line
}

function joined ({ pieces, first }: OpenLine, outer: string): FoundEntry {
  const [one] = pieces
  if (one === undefined) throw new Error('a line without its first piece was joined')
  const { piece: _, ...metadata } = one.entry.metadata
  return {
    ...one.entry,
    timestamp: `${first}`,
    line: pieces.map(piece => piece?.text ?? '').join(''),
    metadata: outer === '' ? metadata : { ...metadata, piece: outer }
  }
}
