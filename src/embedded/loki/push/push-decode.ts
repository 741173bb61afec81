import type { Label } from '../store/label-set.ts'
import { zeroTimeSeconds, type PushColumns } from './push-columns.ts'
import { malformed, WireReader } from './wire.ts'

/** The first second of the year 10000, which Go's protobuf refuses. */
const endOfTimeSeconds = 253402300800

/**
 * Decodes logproto's PushRequest (pkg/push/push.proto of grafana/loki) from `buf[start, end)` into `columns`. Fields
 * may come in any order, the last of a kind counts, and unknown fields are ignored. Throws Loki's own text where the
 * bytes are no such message.
 */
export function decodePush (buf: Buffer, start: number, end: number, columns: PushColumns): void {
  columns.streams = columns.entries = 0
  columns.firstEntry[0] = 0
  const reader = new WireReader(buf)
  reader.pos = start
  while (reader.pos < end) {
    reader.tag(end, 'PushRequest')
    if (reader.field !== 1) {
      reader.skip(end)
      continue
    }
    reader.expect(2, 'Streams')
    decodeStream(reader, reader.lengthEnd(end), columns)
  }
}

function decodeStream (reader: WireReader, end: number, columns: PushColumns): void {
  const stream = columns.addStream()
  while (reader.pos < end) {
    reader.tag(end, 'StreamAdapter')
    switch (reader.field) {
      case 1:
        // Loki 3.4 names the wrong field here.
        reader.expect(2, 'StructuredMetadata')
        columns.labelsEnd[stream] = reader.lengthEnd(end)
        columns.labelsStart[stream] = reader.pos
        reader.pos = columns.labelsEnd[stream]!
        break
      case 2:
        reader.expect(2, 'Entries')
        decodeEntry(reader, reader.lengthEnd(end), columns)
        break
      case 3:
        reader.expect(0, 'Hash')
        reader.varint(end)
        break
      default:
        reader.skip(end)
    }
  }
  columns.firstEntry[stream + 1] = columns.entries
}

function decodeEntry (reader: WireReader, end: number, columns: PushColumns): void {
  const entry = columns.addEntry(reader.pos, end)
  while (reader.pos < end) {
    reader.tag(end, 'EntryAdapter')
    switch (reader.field) {
      case 1:
        reader.expect(2, 'Timestamp')
        decodeTimestamp(reader, reader.lengthEnd(end), entry, columns)
        break
      case 2:
        reader.expect(2, 'Line')
        columns.lineEnd[entry] = reader.lengthEnd(end)
        columns.lineStart[entry] = reader.pos
        reader.pos = columns.lineEnd[entry]!
        break
      case 3:
      case 4:
        reader.expect(2, reader.field === 3 ? 'StructuredMetadata' : 'Parsed')
        if (reader.field === 4) reader.pos = reader.lengthEnd(end)
        else {
          decodePair(reader, reader.lengthEnd(end))
          columns.metadataPairs[entry]!++
          if (isLevel(reader)) break
          columns.storedPairs[entry]!++
          columns.metadataBytes[entry]! += pair.nameEnd - pair.nameStart + pair.valueEnd - pair.valueStart
        }
        break
      default:
        reader.skip(end)
    }
  }
}

function decodeTimestamp (reader: WireReader, end: number, entry: number, columns: PushColumns): void {
  let seconds = 0
  let nanos = 0
  while (reader.pos < end) {
    reader.tag(end, 'Timestamp')
    if (reader.field > 2) {
      reader.skip(end)
      continue
    }
    reader.expect(0, reader.field === 1 ? 'Seconds' : 'Nanos')
    reader.varint(end)
    if (reader.field === 1) seconds = (reader.hi | 0) * 0x100000000 + reader.lo
    else nanos = reader.lo | 0
  }
  const problem = seconds < zeroTimeSeconds
    ? ' before 0001-01-01'
    : seconds >= endOfTimeSeconds ? ' after 10000-01-01' : nanos < 0 || nanos >= 1e9 ? ': nanos not in range [0, 1e9)' : ''
  if (problem !== '') throw malformed(`timestamp: &types.Timestamp{Seconds: ${BigInt(seconds)},\nNanos: ${nanos},\n}${problem}`)
  columns.seconds[entry] = seconds
  columns.nanos[entry] = nanos
}

/**
 * The place of the pair that was decoded last. It is no part of the reader, because on the way in a pair is read only
 * for its size.
 */
const pair = { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0 }

function decodePair (reader: WireReader, end: number): void {
  pair.nameStart = pair.nameEnd = pair.valueStart = pair.valueEnd = 0
  while (reader.pos < end) {
    reader.tag(end, 'LabelPairAdapter')
    if (reader.field > 2) {
      reader.skip(end)
      continue
    }
    reader.expect(2, reader.field === 1 ? 'Name' : 'Value')
    const fieldEnd = reader.lengthEnd(end)
    if (reader.field === 1) {
      pair.nameStart = reader.pos
      pair.nameEnd = fieldEnd
    } else {
      pair.valueStart = reader.pos
      pair.valueEnd = fieldEnd
    }
    reader.pos = fieldEnd
  }
}

const level = 'detected_level'

function isLevel (reader: WireReader): boolean {
  return pair.nameEnd - pair.nameStart === level.length && reader.buf.toString('latin1', pair.nameStart, pair.nameEnd) === level
}

/** The structured metadata of the Entry message in `buf[start, end)`, as sent. The message was decoded before. */
export function readMetadata (buf: Buffer, start: number, end: number): Label[] {
  const reader = new WireReader(buf)
  const pairs: Label[] = []
  reader.pos = start
  while (reader.pos < end) {
    reader.tag(end, 'EntryAdapter')
    if (reader.field !== 3) {
      reader.skip(end)
      continue
    }
    decodePair(reader, reader.lengthEnd(end))
    pairs.push({ name: buf.toString('utf8', pair.nameStart, pair.nameEnd), value: buf.toString('utf8', pair.valueStart, pair.valueEnd) })
  }
  return pairs
}
