import { PbfWriter } from 'pbf'
import { PUSH_REQUEST, type PushEntry, type PushRequest, type PushStream } from '../../src/worker/output/push-schema.ts'

export function encodeByProtobufjs (request: PushRequest): Uint8Array {
  return PUSH_REQUEST.encode(request).finish()
}

/** Has room for a whole request, so that pbf need not grow its own buffer. */
const buffer = new Uint8Array(4 * 2 ** 20)

/**
 * Encodes by functions in the form that pbf's compiler makes of the schema. The bytes are valid until the next call.
 */
export function encodeByPbf (request: PushRequest): Uint8Array {
  const writer = new PbfWriter(buffer)
  writeRequest(request, writer)
  return writer.finish()
}

function writeRequest ({ streams }: PushRequest, writer: PbfWriter): void {
  for (const stream of streams) writer.writeMessage(1, writeStream, stream)
}

function writeStream ({ labels, entries }: PushStream, writer: PbfWriter): void {
  writer.writeStringField(1, labels)
  for (const entry of entries) writer.writeMessage(2, writeEntry, entry)
}

function writeEntry ({ timestamp, line, structuredMetadata }: PushEntry, writer: PbfWriter): void {
  writer.writeMessage(1, writeTime, timestamp)
  writer.writeStringField(2, line)
  for (const pair of structuredMetadata) writer.writeMessage(3, writePair, pair)
}

function writeTime ({ seconds, nanos }: PushEntry['timestamp'], writer: PbfWriter): void {
  writer.writeVarintField(1, seconds)
  if (nanos) writer.writeVarintField(2, nanos)
}

function writePair ({ name, value }: { name: string, value: string }, writer: PbfWriter): void {
  writer.writeStringField(1, name)
  writer.writeStringField(2, value)
}
