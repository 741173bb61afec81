import { Arena } from '../../src/worker/output/arena.ts'
import type { PushEntry, PushRequest, PushStream } from '../../src/worker/output/push-schema.ts'
import type { Stream } from '../../src/worker/streams/stream.ts'
import { StreamCache } from '../../src/worker/streams/streams.ts'
import { Timestamp } from '../../src/worker/input/timestamp.ts'
import { varintSize, writeVarint } from '../../src/worker/output/varint.ts'
import type { MicroResult } from '../outcome/results.ts'
import { compare, type Effort, type Look } from './measure.ts'
import { encodeByPbf, encodeByProtobufjs } from './push-libraries.ts'
import { sampleMessages, SETTINGS } from './sample.ts'
import { ScannedBatch } from './scanned.ts'

/** About 1 MiB of PushRequest, the most that a push may hold. */
const MESSAGES = 20

/**
 * Compares ways from entries to the uncompressed bytes of a PushRequest. The kernel has lines and metadata as bytes; it
 * writes each entry once, then copies the entries of each stream together. The libraries get the whole request as an
 * object with strings.
 *
 * The kernel was chosen. For a library every byte has to become a string first, which the figures leave out, and then a
 * byte again.
 */
export async function encode (effort: Effort): Promise<MicroResult[]> {
  const batch = new ScannedBatch(
    sampleMessages(MESSAGES),
    (kernel, fields) => ({ arena: new Arena(SETTINGS, fields, kernel), streams: new StreamCache(SETTINGS, fields, kernel) })
  )
  const entries = findEntries(batch)
  const request = asObject(batch, entries)
  const slots = SETTINGS.metadata.map(({ field }) => batch.fields.slot(field))
  const { arena } = batch.own

  const kernel = (look?: Look): void => {
    arena.clear(batch.behind)
    batch.fields.clear()
    const touched: Stream[] = []
    for (let record = 0; record < entries.length; record++) {
      const { stream, time, start, end } = entries[record]
      batch.load(record, slots)
      if (stream.head < 0) touched.push(stream)
      arena.append(stream, start, end, time)
    }
    const bytes = gather(touched, arena)
    for (const stream of touched) stream.clear()
    look?.(Buffer.from(bytes))
  }
  const library = (write: (request: PushRequest) => Uint8Array) => (look?: Look): number => {
    const bytes = write(request)
    look?.(Buffer.from(bytes))
    return bytes.length
  }
  return [await compare({
    question: 'entries to a PushRequest',
    unit: 'µs a record',
    per: entries.length,
    alternatives: [
      { name: 'kernel: entries written once, then copied', chosen: true, run: kernel },
      { name: 'protobufjs', run: library(encodeByProtobufjs) },
      { name: 'pbf', run: library(encodeByPbf) }
    ]
  }, effort)]
}

interface Entry { stream: Stream, time: Timestamp, start: number, end: number }
type Batch = ScannedBatch<{ arena: Arena, streams: StreamCache }>

function findEntries (batch: Batch): Entry[] {
  const { fields, kernel, own } = batch
  const all = fields.names.map((_, slot) => slot)
  return Array.from({ length: batch.records }, (_, record) => {
    batch.load(record, all)
    const [at, message] = [fields.slot('@timestamp'), fields.slot('message')]
    const stream = own.streams.find()
    if (kernel.run.parseTimestamp(fields.start(at), fields.end(at)) === 0 || typeof stream === 'string') {
      throw new Error('a record without a time or labels')
    }
    const time = new Timestamp()
    time.set(kernel.seconds, kernel.nanos)
    return { stream, time, start: fields.start(message), end: fields.end(message) }
  })
}

function asObject (batch: Batch, entries: readonly Entry[]): PushRequest {
  const streams = new Map<Stream, PushStream>()
  const metadata = SETTINGS.metadata.map(({ name, field }) => ({ name, slot: batch.fields.slot(field) }))
  for (const [record, { stream, time: { seconds, nanos }, start, end }] of entries.entries()) {
    batch.load(record, metadata.map(({ slot }) => slot))
    let one = streams.get(stream)
    if (one === undefined) streams.set(stream, one = { labels: Buffer.from(stream.labels).toString(), entries: [] })
    // Fields with the default value are left out, since no encoder writes them then.
    const timestamp = (nanos === 0 ? { seconds } : { seconds, nanos }) as PushEntry['timestamp']
    const pairs = metadata.map(({ name, slot }) => ({ name, value: batch.text(slot) })).filter(({ value }) => value !== '')
    one.entries.push({ timestamp, line: batch.kernel.bytes.toString('utf8', start, end), structuredMetadata: pairs })
  }
  return { streams: [...streams.values()] }
}

/** Does what src/worker/output/parts.ts does with a part before compression. */
function gather (streams: readonly Stream[], arena: Arena): Uint8Array {
  const { kernel } = arena
  const begin = arena.limit + 64
  kernel.reserve(begin + arena.length + streams.reduce((sum, { labels }) => sum + labels.length + 12, 0))
  const { bytes, run } = kernel
  let at = begin
  for (const stream of streams) {
    bytes[at++] = 0x0a
    at = writeVarint(bytes, at, 1 + varintSize(stream.labels.length) + stream.labels.length + stream.bytes)
    bytes[at++] = 0x0a
    at = writeVarint(bytes, at, stream.labels.length)
    bytes.set(stream.labels, at)
    at += stream.labels.length
    for (let entry = stream.head; entry >= 0; entry = arena.next[entry]) {
      run.copy(at, arena.start[entry], arena.end[entry])
      at += arena.end[entry] - arena.start[entry]
    }
  }
  return bytes.subarray(begin, at)
}
