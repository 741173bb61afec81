/** The peak of a program, and the slope of its memory; null where its life was too short. */
export interface MemoryTrend { seconds: number, firstMb: number, lastMb: number, peakMb: number, mbPerHour: number | null }

/** Growth in this time is not counted: V8 compiles code, and buffers and streams reach their number. */
const WARM_UP_S = 240
/** A shorter time shows no trend, because memory moves up and down by some 10 MB. */
const LEAST_S = 300
const MOST_SAMPLES = 2_000

/**
 * The memory of one program over its life. The number of samples is bounded: every second one is dropped when there are
 * too many.
 */
export class MemoryLine {
  #samples: Array<readonly [seconds: number, mb: number]> = []
  #every = 1
  #turn = 0
  #peak = 0

  add (seconds: number, mb: number): void {
    this.#peak = Math.max(this.#peak, mb)
    if (this.#turn++ % this.#every !== 0) return
    this.#samples.push([seconds, mb])
    if (this.#samples.length <= MOST_SAMPLES) return
    this.#samples = this.#samples.filter((_, i) => i % 2 === 0)
    this.#every *= 2
  }

  /** Undefined where there is no sample. */
  trend (): MemoryTrend | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (first === undefined || last === undefined) return undefined
    const settled = this.#samples.filter(([seconds]) => seconds - first[0] >= WARM_UP_S)
    const long = last[0] - first[0] >= WARM_UP_S + LEAST_S
    return {
      seconds: last[0] - first[0], firstMb: first[1], lastMb: last[1], peakMb: this.#peak, mbPerHour: long ? slope(settled) * 3600 : null
    }
  }
}

/** The slope of y over x, by least squares. */
function slope (points: ReadonlyArray<readonly [x: number, y: number]>): number {
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const across = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return across / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}
