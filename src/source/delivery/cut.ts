/** A frame of more than so many times the longest record is no record that is too long, but something else. */
export const MOST_TIMES_TOO_LONG = 16
/** Bytes of a character in UTF-8. */
const MOST_CHARACTER = 4
/** Stands at the end of a record that is cut. */
const CUT = Buffer.from(' [cut]')
export const CUT_BYTES = CUT.length

/** The record at `start`, which has more than `mostBytes`, cut and marked. No character is cut in two. */
export function cutRecord (bytes: Buffer, start: number, mostBytes: number): Buffer {
  let end = start + mostBytes
  while (end > start + mostBytes - MOST_CHARACTER && (bytes.readUInt8(end) & 0xc0) === 0x80) end--
  return Buffer.concat([bytes.subarray(start, end), CUT])
}
