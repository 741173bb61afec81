import snappy from 'snappy'
import { type Bisected, type BisectTask, LEAST_LINE_BYTES, type Part } from '../messages/tasks.ts'
import type { EncoderSettings } from '../messages/settings.ts'
import { labelValues } from '../streams/labels.ts'
import { encodePart } from './encode-part.ts'
import { decodePush, type PushEntry, type PushStream } from './push-schema.ts'
import { quarantineEntries, shortPair } from './quarantine-entries.ts'
import { quarantineLabels, toldOf } from './quarantine.ts'

/**
 * Takes one step towards the entries for which Loki rejected a part. A part of several entries becomes two parts, each
 * with half of the entries and to be pushed by itself. Loki stores once what it had stored of them before.
 *
 * A part of one entry becomes the entry, for the dead-letter file, and a part that carries the entry to the quarantine
 * stream instead. There it has the time of arrival, short metadata, and a long line in pieces that the tenant takes.
 */
export function bisect (task: BisectTask, settings: EncoderSettings): Bisected {
  const { part, reason } = task
  const { streams } = decodePush(snappy.uncompressSync(Buffer.from(part.body)) as Buffer)
  if (part.records > 1) {
    const [first, second] = halve(streams, Math.ceil(part.records / 2))
    return { kind: 'halves', parts: [encodePart(part, first), encodePart(part, second)] }
  }
  const [stream] = streams
  const entry = stream?.entries[0]
  if (stream === undefined || entry === undefined) throw new Error('a refused part without an entry')
  const { timestamp, line, structuredMetadata } = entry
  return {
    kind: 'entry',
    part: encodePart({ ...part, solo: true, quarantine: true }, [quarantined(task, stream.labels, entry, settings)]),
    entry: {
      reason,
      tenant: part.tenant,
      stream: stream.labels,
      timestamp: `${timestamp.seconds}${String(timestamp.nanos).padStart(9, '0')}`,
      line,
      metadata: Object.fromEntries(structuredMetadata.map(({ name, value }) => [name, value]))
    }
  }
}

/** The entry in quarantine. One that was there already stays in its stream. */
function quarantined (task: BisectTask, labels: string, entry: PushEntry, settings: EncoderSettings): PushStream {
  const { part, maxLineBytes = Infinity } = task
  const limit = Math.max(LEAST_LINE_BYTES, Math.min(maxLineBytes, settings.maxLineBytes))
  return {
    labels: part.quarantine ? labels : quarantineLabels(settings, part.address, 'refused'),
    entries: quarantineEntries(entry.line, limit, told(part, labels, entry, settings), task)
  }
}

/** The metadata of the entry in quarantine: what its labels told of it, or its metadata where it was there already. */
function told (part: Part, labels: string, entry: PushEntry, settings: EncoderSettings): PushEntry['structuredMetadata'] | undefined {
  if (settings.metadata.length === 0) return undefined
  const known = part.quarantine
    ? new Map(entry.structuredMetadata.map(({ name, value }) => [name, value]))
    : asTold(labelValues(labels), entry).set('original_timestamp', timeText(entry.timestamp))
  return ['address', 'original_timestamp', 'piece', ...toldOf(settings, part.address).map(({ name }) => name)].flatMap(name => {
    const value = name === 'address' ? part.address : known.get(name) ?? ''
    return value === '' ? [] : [shortPair(name, value)]
  })
}

/** The labels, with the metadata of the same name in their place: the stream is shared by many values then. */
function asTold (labels: Map<string, string>, { structuredMetadata }: PushEntry): Map<string, string> {
  for (const { name, value } of structuredMetadata) if (labels.has(name)) labels.set(name, value)
  return labels
}

/** RFC 3339, to the nanosecond. */
function timeText ({ seconds, nanos }: PushEntry['timestamp']): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`
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
