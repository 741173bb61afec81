import snappy from 'snappy'
import { DecodedPush } from './push-tally.ts'

/** The size of a push before compression. */
const PUSH_BYTES = 2 ** 20

/** The compressed bytes, and the number of records in them. */
export interface Packed { bytes: number, records: number }

interface Sample { number: number, labels: string, entry: Buffer }

/**
 * Packs the records of these pushes into pushes of 1 MiB, in the order in which they were sent, each stream once a
 * push, and compresses each push as a whole. Pushes of that size cannot cost fewer bytes unless a sender waits for
 * later records.
 */
export function packMaximal (bodies: readonly Buffer[]): Packed {
  const samples = bodies.flatMap(entriesOf).sort((a, b) => a.number - b.number)
  let bytes = 0
  let streams = new Map<string, { size: number, entries: Buffer[] }>()
  let size = 0
  const flush = (): void => {
    if (size > 0) bytes += snappy.compressSync(encode(streams)).length
    streams = new Map()
    size = 0
  }
  for (const { labels, entry } of samples) {
    if (size + entry.length + labels.length > PUSH_BYTES) flush()
    let stream = streams.get(labels)
    if (stream === undefined) {
      streams.set(labels, stream = { size: field(labels.length), entries: [] })
      size += stream.size
    }
    stream.entries.push(entry)
    stream.size += field(entry.length)
    size += field(entry.length)
  }
  flush()
  return { bytes, records: samples.length }
}

function entriesOf (body: Buffer): Sample[] {
  const push = new DecodedPush()
  push.read(body)
  const { columns, bytes } = push
  const samples: Sample[] = []
  for (let stream = 0; stream < columns.streams; stream++) {
    const labels = bytes.toString('latin1', columns.labelsStart[stream], columns.labelsEnd[stream])
    for (let i = columns.firstEntry[stream]; i < columns.firstEntry[stream + 1]; i++) {
      samples.push({ number: push.numberOf(i), labels, entry: Buffer.from(bytes.subarray(columns.entryStart[i], columns.entryEnd[i])) })
    }
  }
  return samples
}

/**
 * Encodes a PushRequest (pkg/push/push.proto of grafana/loki): streams (1) of labels (1) and entries (2). The entries
 * are encoded already.
 */
function encode (streams: Map<string, { size: number, entries: Buffer[] }>): Buffer {
  const pieces: Buffer[] = []
  for (const [labels, { size, entries }] of streams) {
    pieces.push(head(1, size), head(1, labels.length), Buffer.from(labels, 'latin1'))
    for (const entry of entries) pieces.push(head(2, entry.length), entry)
  }
  return Buffer.concat(pieces)
}

/** Encodes the tag and the length of a field that holds bytes. */
function head (number: number, length: number): Buffer {
  const bytes = [number << 3 | 2]
  let rest = length
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}

function field (length: number): number {
  return head(1, length).length + length
}
