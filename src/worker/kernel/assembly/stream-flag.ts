import { streamEnd, timeEnd } from './front'

/**
 * The address of the flag, F or P, that a container's runtime puts in front of a line (`2026-01-02T03:04:05.678Z stdout
 * F `); 0 where the line has none.
 */
export function streamFlag (start: usize, end: usize): usize {
  const time = timeEnd(start, end)
  return time === 0 || streamEnd(time, end) === 0 ? 0 : time + 8
}
