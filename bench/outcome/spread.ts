/** Describes the repeats of one measurement. */
export interface Spread { median: number, min: number, max: number }

/** Takes at least one value. The median of an even number of values is the mean of the middle two. */
export function spreadOf (values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('a spread needs at least one value')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1] }
}
