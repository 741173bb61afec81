import snappy from 'snappy'
import type { LookUpTask, LookedUp, Part, SubtractTask } from '../messages/tasks.ts'
import { formatLabels, labelValues } from '../streams/labels.ts'
import { encodePart } from './encode-part.ts'
import { decodePush, type PushEntry, type PushStream } from './push-schema.ts'

/** A query has no more values of labels than fit into so many characters: proxies allow a URL of about 8 KiB. */
const MAX_SELECTOR = 3_000

/**
 * A query that finds the entries of these parts in Loki. It asks for the labels that all their streams have, with the
 * values that they have, so it may find more than the entries. Undefined where their streams share no label.
 */
export function lookUp ({ parts }: LookUpTask): LookedUp | undefined {
  const streams = parts.flatMap(streamsOf)
  const selector = selectorOf(streams.map(({ labels }) => labelValues(labels)))
  if (selector === undefined) return undefined
  const times = streams.flatMap(({ entries }) => entries.map(({ timestamp }) => BigInt(nanoseconds(timestamp))))
  const first = times.reduce((least, time) => time < least ? time : least)
  const last = times.reduce((most, time) => time > most ? time : most)
  const entries = parts.reduce((sum, { records }) => sum + records, 0)
  const rawBytes = parts.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
  return { selector, first, last, entryBytes: rawBytes / Math.max(1, entries) }
}

/** What is left of each part without the entries that were found in Loki: undefined where nothing is. */
export function subtract ({ parts, found }: SubtractTask): Array<Part | undefined> {
  const stored = storedEntries(found)
  return parts.map(part => {
    const streams = streamsOf(part)
    const rest = streams.map(({ labels, entries }) => ({ labels, entries: entries.filter(entry => !isIn(stored.get(labels), entry)) }))
    const records = rest.reduce((sum, { entries }) => sum + entries.length, 0)
    if (records === part.records) return part
    if (records === 0) return undefined
    return encodePart(part, rest.filter(({ entries }) => entries.length > 0))
  })
}

/** Since the epoch, as text. */
function nanoseconds ({ seconds, nanos }: PushEntry['timestamp']): string {
  return `${seconds}${String(nanos).padStart(9, '0')}`
}

function streamsOf ({ body }: Part): PushStream[] {
  return decodePush(snappy.uncompressSync(Buffer.from(body)) as Buffer).streams
}

/** The labels with the fewest values come first. A label that does not fit any more is left out. */
function selectorOf (streams: ReadonlyArray<ReadonlyMap<string, string>>): string | undefined {
  const [first, ...others] = streams
  if (first === undefined) return undefined
  const shared = [...first.keys()].filter(name => others.every(labels => labels.has(name)))
    .map(name => ({ name, values: [...new Set(streams.map(labels => labels.get(name)!))] }))
    .sort((a, b) => a.values.length - b.values.length)
  const matchers: string[] = []
  let length = 0
  for (const { name, values } of shared) {
    const matcher = values.length === 1 ? `${name}=${quote(values[0]!)}` : `${name}=~${quote(values.map(escapeRegex).join('|'))}`
    length += encodeURIComponent(matcher).length
    if (length > MAX_SELECTOR) break
    matchers.push(matcher)
  }
  const [any] = shared
  if (matchers.length === 0) return any === undefined ? undefined : `{${any.name}=~".+"}`
  return `{${matchers.join(', ')}}`
}

/** As Go reads it: JSON's escapes are all Go's too. */
const quote = (text: string): string => JSON.stringify(text)

function escapeRegex (text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

type StoredEntry = LookedUpEntry['metadata']
interface LookedUpEntry { metadata: Readonly<Record<string, string>> }

/** The entries of a stream, by time and line. Two with both equal may differ in metadata. */
type StoredStream = Map<string, StoredEntry[]>

/** By the labels as formatLabels writes them. Loki adds labels of its own to those that were pushed. */
function storedEntries (found: SubtractTask['found']): Map<string, StoredStream> {
  const streams = new Map<string, StoredStream>()
  for (const { labels: { __stream_shard__: shard, ...labels }, entries } of found) {
    const { service_name: service, ...pushed } = labels
    // Loki names a service that was pushed without a name by another label, or so.
    const isAdded = service !== undefined && (service === 'unknown_service' || Object.values(pushed).includes(service))
    for (const names of isAdded ? [labels, pushed] : [labels]) {
      const key = formatLabels(Object.entries(names))
      const stream = streams.get(key) ?? new Map<string, StoredEntry[]>()
      streams.set(key, stream)
      for (const { time, line, metadata } of entries) {
        const place = `${time} ${line}`
        const there = stream.get(place)
        if (there === undefined) stream.set(place, [metadata])
        else there.push(metadata)
      }
    }
  }
  return streams
}

/**
 * Loki adds metadata of its own (detected_level) to what was pushed, and renames what has the name of a label of the
 * stream.
 */
function isIn (stream: StoredStream | undefined, { timestamp, line, structuredMetadata }: PushEntry): boolean {
  const there = stream?.get(`${nanoseconds(timestamp)} ${line}`) ?? []
  return there.some(metadata => structuredMetadata.every(({ name, value }) => (metadata[`${name}_extracted`] ?? metadata[name]) === value))
}
