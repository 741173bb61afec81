import { formatLabels } from '../../src/worker/streams/labels.ts'
import { Stream } from '../../src/worker/streams/stream.ts'
import { StreamCache } from '../../src/worker/streams/streams.ts'
import type { MicroResult } from '../outcome/results.ts'
import { ByteTable } from './byte-table.ts'
import { compare, type Effort, type Look } from './measure.ts'
import { sampleMessages, SETTINGS } from './sample.ts'
import { ScannedBatch } from './scanned.ts'

/**
 * Compares ways from a record's label fields (cloud, region, host, source) to its stream, where all streams are known.
 * Each alternative finds the fields in the kernel's memory, where the scan leaves them. All figures include the cost of
 * putting them there.
 *
 * The kernel's table was chosen. It hashes eight bytes at a step and makes no string to find a known stream.
 */
export async function labels (effort: Effort): Promise<MicroResult[]> {
  const batch = new ScannedBatch(sampleMessages(), (kernel, fields) => new StreamCache(SETTINGS, fields, kernel))
  const { fields, own: streams } = batch
  const named = SETTINGS.labels.map(({ name, field }) => ({ name, slot: fields.slot(field) }))
  const slots = [...new Set(named.map(({ slot }) => slot))]

  const byJoined = (slice: 'latin1Slice' | 'utf8Slice') => {
    const known = new Map<string, Stream>()
    return (): Stream => {
      const bytes = batch.kernel.bytes as Buffer & Record<typeof slice, (start: number, end: number) => string>
      let key = ''
      for (const slot of slots) key += `${bytes[slice](fields.start(slot), fields.end(slot))}\0`
      let stream = known.get(key)
      if (stream === undefined) known.set(key, stream = new Stream(format(), '', SETTINGS.shards))
      return stream
    }
  }
  const format = (): string => formatLabels(named.map(({ name, slot }) => [name, batch.text(slot)]))
  const byLabels = () => {
    const known = new Map<string, Stream>()
    return (): Stream => {
      const text = format()
      let stream = known.get(text)
      if (stream === undefined) known.set(text, stream = new Stream(text, '', SETTINGS.shards))
      return stream
    }
  }
  const byBytes = () => {
    const known = new ByteTable<Stream>(fields, slots)
    return (): Stream => known.find(batch.kernel.bytes) ?? known.add(batch.kernel.bytes, new Stream(format(), '', SETTINGS.shards))
  }
  const each = (find: () => Stream) => (look?: Look): number => {
    let shards = 0
    for (let record = 0; record < batch.records; record++) {
      batch.load(record, slots)
      const stream = find()
      shards += stream.shard
      look?.(`${stream.shard} ${Buffer.from(stream.labels).toString()}`)
    }
    return shards
  }
  const find = (): Stream => {
    const found = streams.find()
    if (typeof found === 'string') throw new Error(found)
    return found
  }
  return [await compare({
    question: 'labels to their stream',
    unit: 'µs a record',
    per: batch.records,
    alternatives: [
      { name: 'kernel: a hash table over the bytes', chosen: true, run: each(find) },
      { name: 'TypeScript: a hash table over the bytes', run: each(byBytes()) },
      { name: 'Map, latin1 strings joined', run: each(byJoined('latin1Slice')) },
      { name: 'Map, UTF-8 strings joined', run: each(byJoined('utf8Slice')) },
      { name: 'the label string written each time', run: each(byLabels()) }
    ]
  }, effort)]
}
