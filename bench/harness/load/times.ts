import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Milliseconds from sending a message to its settlement, a value a message. */
export interface Times { count: number, mean: number, p50: number, p99: number, p999: number, max: number }

/** Recording costs the load CPU, so it begins when somebody asks. */
export class TimesRecorder {
  #micros: RecordableHistogram | undefined

  record (ms: number): void {
    this.#micros?.record(Math.max(1, Math.round(ms * 1000)))
  }

  /** Those since the last call; the first call begins the recording. */
  take (): Times {
    const past = this.#micros
    this.#micros = createHistogram({ lowest: 1, highest: 3.6e9, figures: 3 })
    if (past === undefined || past.count === 0) return { count: 0, mean: 0, p50: 0, p99: 0, p999: 0, max: 0 }
    const at = (percentile: number): number => past.percentile(percentile) / 1000
    return { count: past.count, mean: past.mean / 1000, p50: at(50), p99: at(99), p999: at(99.9), max: past.max / 1000 }
  }
}
