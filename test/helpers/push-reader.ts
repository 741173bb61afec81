import { PbfReader } from 'pbf'

/**
 * A PushRequest of Loki's push.proto, read by hand with pbf. The reader shares nothing with the encoder or with
 * protobufjs.
 */
export interface ReadPush { streams: ReadStream[] }
export interface ReadStream { labels: string, entries: ReadEntry[] }
export interface ReadEntry {
  timestamp: { seconds: number, nanos: number }
  line: string
  structuredMetadata: Array<{ name: string, value: string }>
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Throws where the bytes are no PushRequest, hold an unknown field, or hold text that is not UTF-8, which Loki would
 * refuse.
 */
export function readPush (bytes: Uint8Array): ReadPush {
  return new PbfReader(bytes).readFields<ReadPush>((tag, request, pbf) => {
    if (tag !== 1) throw new Error(`PushRequest has no field ${tag}`)
    request.streams.push(pbf.readMessage(readStream, { labels: '', entries: [] }))
  }, { streams: [] })
}

function readStream (tag: number, stream: ReadStream, pbf: PbfReader): void {
  if (tag === 1) stream.labels = text(pbf)
  else if (tag === 2) {
    stream.entries.push(pbf.readMessage(readEntry, {
      timestamp: { seconds: 0, nanos: 0 }, line: '', structuredMetadata: []
    }))
  } else throw new Error(`Stream has no field ${tag}`)
}

function readEntry (tag: number, entry: ReadEntry, pbf: PbfReader): void {
  if (tag === 1) pbf.readMessage(readTimestamp, entry.timestamp)
  else if (tag === 2) entry.line = text(pbf)
  else if (tag === 3) entry.structuredMetadata.push(pbf.readMessage(readPair, { name: '', value: '' }))
  else throw new Error(`Entry has no field ${tag}`)
}

function readTimestamp (tag: number, timestamp: ReadEntry['timestamp'], pbf: PbfReader): void {
  if (tag === 1) timestamp.seconds = pbf.readVarint(true)
  else if (tag === 2) timestamp.nanos = pbf.readVarint(true)
  else throw new Error(`Timestamp has no field ${tag}`)
}

function readPair (tag: number, pair: { name: string, value: string }, pbf: PbfReader): void {
  if (tag === 1) pair.name = text(pbf)
  else if (tag === 2) pair.value = text(pbf)
  else throw new Error(`LabelPair has no field ${tag}`)
}

function text (pbf: PbfReader): string {
  return utf8.decode(pbf.readBytes())
}
