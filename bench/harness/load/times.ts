import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Milliseconds from sending a message to its settlement. */
export interface Times { count: number, mean: number, p50: number, p99: number, p999: number, max: number }

/** Records only after somebody has asked, because recording costs CPU. */
export class TimesRecorder {
  #micros: RecordableHistogram | undefined

  record (ms: number): void {
    this.#micros?.record(Math.max(1, Math.round(ms * 1000)))
  }

  /** Returns the times since the last call. The first call starts the recording. */
  take (): Times {
    const past = this.#micros
    this.#micros = createHistogram({ lowest: 1, highest: 3.6e9, figures: 3 })
    if (past === undefined || past.count === 0) return { count: 0, mean: 0, p50: 0, p99: 0, p999: 0, max: 0 }
    const at = (percentile: number): number => past.percentile(percentile) / 1000
    return { count: past.count, mean: past.mean / 1000, p50: at(50), p99: at(99), p999: at(99.9), max: past.max / 1000 }
  }
}
