import { Refusal } from './refusal.ts'

/** The largest block that Loki decodes. Loki refuses a larger one before it allocates. */
const maxDecodedLength = 0x7fffffff
/** No element makes more than 64 bytes from fewer than 3. So a block that claims more per byte of input is false. */
const maxExpansion = 64

const corrupt = (): Refusal => new Refusal(400, 'snappy: corrupt input', 'malformed')

/**
 * The length in bytes that a block claims for its content, and where the block's elements begin. Throws Loki's answer
 * to a preamble that it cannot use.
 */
export function snappyLength (block: Uint8Array): { length: number, start: number } {
  let length = 0
  let factor = 1
  let pos = 0
  for (;;) {
    if (pos >= block.length || pos > 9) throw corrupt()
    const byte = block[pos++]!
    length += (byte & 0x7f) * factor
    if (byte < 0x80) break
    factor *= 128
  }
  if (length > 0xffffffff) throw corrupt()
  if (length > maxDecodedLength) throw new Refusal(400, `received message larger than max (${length} vs ${maxDecodedLength})`, 'malformed')
  if (length > (block.length - pos) * maxExpansion) throw corrupt()
  return { length, start: pos }
}

/**
 * Decodes the elements of a snappy block (format_description.txt of google/snappy), from `src[start]` on, into `dst[at,
 * at + length)`. Writes nowhere else, whatever the input. Throws unless the elements fill exactly that range.
 */
export function snappyDecode (src: Buffer, start: number, dst: Buffer, at: number, length: number): void {
  const from = new DataView(src.buffer, src.byteOffset, src.length)
  const to = new DataView(dst.buffer, dst.byteOffset, dst.length)
  const srcEnd = src.length
  const dstEnd = at + length
  let s = start
  let d = at
  while (s < srcEnd) {
    const tag = src[s++]!
    if ((tag & 3) === 0) {
      let size = tag >>> 2
      if (size >= 60) {
        const bytes = size - 59
        if (s + bytes > srcEnd) throw corrupt()
        size = src[s]!
        if (bytes > 1) size |= src[s + 1]! << 8
        if (bytes > 2) size |= src[s + 2]! << 16
        if (bytes > 3) size += src[s + 3]! * 0x1000000
        s += bytes
      }
      size++
      if (size > srcEnd - s || size > dstEnd - d) throw corrupt()
      // A native copy costs as much as a copy of about this many bytes word by word.
      if (size > 128) src.copy(dst, d, s, s + size)
      else if (s + size + 3 <= srcEnd && d + size + 3 <= dstEnd) for (let i = 0; i < size; i += 4) to.setInt32(d + i, from.getInt32(s + i))
      else for (let i = 0; i < size; i++) dst[d + i] = src[s + i]!
      s += size
      d += size
      continue
    }
    let size: number
    let offset: number
    if ((tag & 3) === 1) {
      if (s >= srcEnd) throw corrupt()
      size = ((tag >>> 2) & 7) + 4
      offset = ((tag & 0xe0) << 3) | src[s++]!
    } else if ((tag & 3) === 2) {
      if (s + 2 > srcEnd) throw corrupt()
      size = (tag >>> 2) + 1
      offset = src[s]! | (src[s + 1]! << 8)
      s += 2
    } else {
      if (s + 4 > srcEnd) throw corrupt()
      size = (tag >>> 2) + 1
      offset = src[s]! + src[s + 1]! * 0x100 + src[s + 2]! * 0x10000 + src[s + 3]! * 0x1000000
      s += 4
    }
    if (offset === 0 || offset > d - at || size > dstEnd - d) throw corrupt()
    // Source and target may overlap. Then the copy must repeat bytes that it has just written: it goes forwards, and no
    // word may overlap itself. A word may write up to three bytes beyond the element, within the range; the next
    // element overwrites them.
    const end = d + size
    if (offset >= 4 && end + 3 <= dstEnd) for (; d < end; d += 4) to.setInt32(d, to.getInt32(d - offset))
    else for (; d < end; d++) dst[d] = dst[d - offset]!
    d = end
  }
  if (d !== dstEnd) throw corrupt()
}
