import protobuf from 'protobufjs'

/**
 * Loki's push schema (pkg/push/push.proto), with the fields that matter to a client. The encoder writes these bytes by
 * itself. This schema reads a part back where Loki rejected it, and the tests compare the encoder with it.
 */
const SCHEMA = `
syntax = "proto3";
package logproto;
message PushRequest { repeated Stream streams = 1; }
message Stream { string labels = 1; repeated Entry entries = 2; }
message Entry { Timestamp timestamp = 1; string line = 2; repeated LabelPair structuredMetadata = 3; }
message LabelPair { string name = 1; string value = 2; }
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
`

export interface PushRequest { streams: PushStream[] }
export interface PushStream { labels: string, entries: PushEntry[] }
export interface PushEntry {
  timestamp: { seconds: number, nanos: number }
  line: string
  structuredMetadata: Array<{ name: string, value: string }>
}

/** The schema's type in protobufjs. */
export const PUSH_REQUEST = protobuf.parse(SCHEMA).root.lookupType('logproto.PushRequest')

/** Throws an Error where the bytes are no PushRequest. */
export function decodePush (bytes: Uint8Array): PushRequest {
  return PUSH_REQUEST.toObject(PUSH_REQUEST.decode(bytes), { longs: Number, defaults: true, arrays: true }) as PushRequest
}

export function encodePush (request: PushRequest): Uint8Array {
  return PUSH_REQUEST.encode(PUSH_REQUEST.fromObject(request)).finish()
}
