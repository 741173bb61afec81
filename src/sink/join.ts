/**
 * Joins snappy blocks without compressing again (https://github.com/google/snappy/blob/main/format_description.txt). A
 * block is the length of its content as a varint, and then elements, which copy only from content of the same block. So
 * the sum of the lengths, and then the elements of all blocks, is a block of all contents in turn. Protobuf messages of
 * one type may be joined in the same way: the result is one PushRequest with all streams.
 */
export function joinBlocks (blocks: ReadonlyArray<{ body: Uint8Array, rawBytes: number }>): Uint8Array {
  const [first, second] = blocks
  if (first !== undefined && second === undefined) return first.body
  const raw = blocks.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
  const preamble = varint(raw)
  const elements = blocks.map(({ body }) => body.subarray(preambleLength(body)))
  return Buffer.concat([preamble, ...elements])
}

function preambleLength (block: Uint8Array): number {
  let at = 0
  while ((block[at] ?? 0) >= 0x80) at++
  return at + 1
}

function varint (value: number): Uint8Array {
  const bytes: number[] = []
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80)
  bytes.push(value)
  return Uint8Array.from(bytes)
}
