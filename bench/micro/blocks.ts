import { snappyDecode, snappyLength } from '../../src/embedded/loki/push/snappy-decode.ts'

/** Decodes a snappy block by a decoder that shares nothing with the compared ones. */
export function contentOf (block: Uint8Array): Buffer {
  const bytes = Buffer.from(block)
  const { length, start } = snappyLength(bytes)
  const content = Buffer.alloc(length)
  snappyDecode(bytes, start, content, 0, length)
  return content
}
