/**
 * Joins snappy blocks (https://github.com/google/snappy/blob/main/format_description.txt) without recompressing: a block is the
 * length of its content as a varint and then elements, whose copies reach back only within the block; so the elements one
 * behind the other, under the summed length, are a block of the contents one behind the other. Protobuf messages of one type may be
 * joined likewise: the result is one PushRequest with all the streams.
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
