import { snappyDecode, snappyLength } from '../../src/embedded/loki/push/snappy-decode.ts'

/** What a snappy block holds, by a decoder that shares nothing with those that are compared. */
export function contentOf (block: Uint8Array): Buffer {
  const bytes = Buffer.from(block)
  const { length, start } = snappyLength(bytes)
  const content = Buffer.alloc(length)
  snappyDecode(bytes, start, content, 0, length)
  return content
}
