/**
 * A line with each run of NULs cut to a note of how many they were: a file that is truncated while it is written to has
 * megabytes of them. Undefined where the line has no such run.
 */
export function cutNuls (line: Buffer): Buffer | 'nothing else' | undefined {
  const text = line.toString('latin1')
  if (/^[\0\s]*$/.test(text) && text.includes('\0')) return 'nothing else'
  const cut = text.replace(/\0{2,}/g, run => `[${run.length} NULs]`)
  return cut === text ? undefined : Buffer.from(cut, 'latin1')
}
