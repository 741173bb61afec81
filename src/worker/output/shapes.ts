import snappy from 'snappy'
import { MOST_SHAPES, type Shape, type ShapesTask } from '../messages/tasks.ts'
import type { EncoderSettings } from '../messages/settings.ts'
import { formatLabels, parseLabels } from '../streams/labels.ts'
import { compress } from './compress.ts'
import { decodePush, encodePush, type PushEntry } from './push-schema.ts'
import { labelsGiven } from './quarantine.ts'

/** Stands for whatever a record had. An operator finds the witnesses by it. */
const VALUE = 'lokean'
const LINE = 'Lokean asks whether Loki stores an entry with these labels and metadata, because a push of such entries was refused'

/**
 * The shapes of the entries of a part: each set of label names and names of metadata, with a push of one entry of that
 * shape. The entry has the labels that the settings give to the address as they are, and VALUE everywhere else: what
 * may be at fault in a record is not in it.
 */
export function shapes ({ part, seconds, nanos }: ShapesTask, settings: Pick<EncoderSettings, 'lokiLabels' | 'origins'>): Shape[] {
  const given = new Map(labelsGiven(settings, part.address).map(({ name, value }) => [name, value]))
  const found = new Map<string, Shape>()
  for (const { labels, entries } of decodePush(snappy.uncompressSync(Buffer.from(part.body)) as Buffer).streams) {
    const names = parseLabels(labels).map(([name]) => name)
    for (const { structuredMetadata } of entries) {
      const metadata = structuredMetadata.map(({ name }) => name)
      const key = `${names.join()} | ${metadata.join()}`
      if (found.has(key)) continue
      const entry: PushEntry = {
        timestamp: { seconds, nanos: nanos + found.size },
        line: LINE,
        structuredMetadata: metadata.map(name => ({ name, value: VALUE }))
      }
      const witness = formatLabels(names.map(name => [name, given.get(name) ?? VALUE]))
      found.set(key, { key, body: compress(encodePush({ streams: [{ labels: witness, entries: [entry] }] })) })
      if (found.size === MOST_SHAPES) return [...found.values()]
    }
  }
  return [...found.values()]
}
