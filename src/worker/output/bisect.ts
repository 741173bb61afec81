import snappy from 'snappy'
import type { Bisected, BisectTask, EncoderSettings, Part } from '../messages.ts'
import { compress } from './compress.ts'
import { pieceEnds } from './pieces.ts'
import { decodePush, encodePush, type PushEntry, type PushStream } from './push-schema.ts'
import { quarantineLabels } from './quarantine.ts'

/**
 * Takes one step towards the entries for which Loki rejected a part. A part of several entries becomes two parts, each
 * with half of the entries and to be pushed by itself. Loki stores once what it had stored of them before.
 *
 * A part of one entry becomes the entry, for the dead-letter file, and a part that carries the entry to the quarantine
 * stream instead. There it has the time of arrival, no metadata, and a long line in small pieces: no reason is left for
 * which Loki could reject it again.
 */
export function bisect ({ part, arrivalSeconds, arrivalNanos, reason }: BisectTask, settings: EncoderSettings): Bisected {
  const { streams } = decodePush(snappy.uncompressSync(Buffer.from(part.body)) as Buffer)
  if (part.records > 1) {
    const [first, second] = halve(streams, Math.ceil(part.records / 2))
    return { kind: 'halves', parts: [encode(part, first), encode(part, second)] }
  }
  const [stream] = streams
  const entry = stream?.entries[0]
  if (stream === undefined || entry === undefined) throw new Error('a refused part without an entry')
  const labels = quarantineLabels(settings, part.address, 'refused')
  const pieces = cut(entry.line)
  const quarantined: PushEntry[] = pieces.map((piece, i) => ({
    timestamp: { seconds: arrivalSeconds + Math.floor((arrivalNanos + i) / 1e9), nanos: (arrivalNanos + i) % 1e9 },
    line: pieces.length === 1 ? piece : `[${i + 1}/${pieces.length}] ${piece}`,
    structuredMetadata: []
  }))
  return {
    kind: 'entry',
    part: encode({ ...part, solo: true, quarantine: true }, [{ labels, entries: quarantined }]),
    entry: {
      reason,
      tenant: part.tenant,
      stream: stream.labels,
      timestamp: `${entry.timestamp.seconds}${String(entry.timestamp.nanos).padStart(9, '0')}`,
      line: entry.line,
      metadata: Object.fromEntries(entry.structuredMetadata.map(({ name, value }) => [name, value]))
    }
  }
}

/** Shorter than any sensible limit on lines. */
const PIECE_BYTES = 900

function cut (text: string): string[] {
  const line = Buffer.from(text)
  return pieceEnds(line, PIECE_BYTES).map((end, i, ends) => line.toString('utf8', i === 0 ? 0 : ends[i - 1], end))
}

function halve (streams: PushStream[], first: number): [PushStream[], PushStream[]] {
  const halves: [PushStream[], PushStream[]] = [[], []]
  let taken = 0
  for (const { labels, entries } of streams) {
    const cut = Math.max(0, Math.min(entries.length, first - taken))
    if (cut > 0) halves[0].push({ labels, entries: entries.slice(0, cut) })
    if (cut < entries.length) halves[1].push({ labels, entries: entries.slice(cut) })
    taken += entries.length
  }
  return halves
}

function encode (like: Part, streams: PushStream[]): Part {
  const raw = encodePush({ streams })
  return {
    ...like,
    body: compress(raw),
    rawBytes: raw.length,
    records: streams.reduce((sum, { entries }) => sum + entries.length, 0)
  }
}
