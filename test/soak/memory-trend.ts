/** Of a program that lived: its peak, and the slope of its memory, null where it was too short-lived to tell. */
export interface MemoryTrend { seconds: number, firstMb: number, lastMb: number, peakMb: number, mbPerHour: number | null }

/** Code is compiled, buffers and streams come to their number: what grows in this time says nothing. */
const WARM_UP_S = 240
/** Fewer seconds behind that make no trend: memory goes up and down by some 10 MB all the time. */
const LEAST_S = 300
const MOST_SAMPLES = 2_000

/** The memory of one program over its life. Keeps a bounded number of samples: when they are too many, every second one goes. */
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
    return { seconds: last[0] - first[0], firstMb: first[1], lastMb: last[1], peakMb: this.#peak, mbPerHour: long ? slope(settled) * 3600 : null }
  }
}

/** By least squares, of y over x. */
function slope (points: ReadonlyArray<readonly [x: number, y: number]>): number {
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const across = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return across / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}
