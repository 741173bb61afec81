import type { MendReason, QuarantineReason } from '../messages/reasons.ts'
import type { EncoderSettings } from '../messages/settings.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { MOST_TIME_BYTES, rfc3339 } from './other-times.ts'
import type { Timestamp } from './timestamp.ts'

/** What a rewritten time needs, and the bytes behind it that the kernel reads. */
const SCRATCH_BYTES = 64

/**
 * Reads the times of records, and says which of them Loki takes. The kernel reads RFC 3339; the other forms are
 * rewritten for it.
 */
export class RecordTimes {
  readonly #settings: Pick<EncoderSettings, 'maxAgeMs' | 'maxAheadMs'>
  readonly #kernel: Kernel
  readonly #mend: (reason: MendReason, count: number) => void
  readonly #scratch: number
  #arrivalMs = 0
  #oldestMs = 0
  #newestMs = 0

  constructor (
    settings: Pick<EncoderSettings, 'maxAgeMs' | 'maxAheadMs'>, kernel: Kernel, mend: (reason: MendReason, count: number) => void
  ) {
    this.#settings = settings
    this.#kernel = kernel
    this.#mend = mend
    this.#scratch = kernel.allocate(SCRATCH_BYTES)
  }

  /** Begins a batch. */
  begin (arrivalMs: number): void {
    this.#arrivalMs = arrivalMs
    this.#oldestMs = Math.max(0, arrivalMs - this.#settings.maxAgeMs)
    this.#newestMs = arrivalMs + this.#settings.maxAheadMs
    this.#kernel.run.setWindow(this.#oldestMs, this.#newestMs)
  }

  /** Whether `[start, end)` is a time. */
  isTime (start: number, end: number): boolean {
    const { run, bytes } = this.#kernel
    if (run.parseTimestamp(start, end) !== 0) return true
    if (end - start > MOST_TIME_BYTES) return false
    const text = rfc3339(bytes.toString('latin1', start, end), this.#arrivalMs)
    if (text === undefined) return false
    bytes.write(text, this.#scratch, 'latin1')
    return run.parseTimestamp(this.#scratch, this.#scratch + text.length) !== 0
  }

  /** Reads the time in `[start, end)`. Returns why it cannot be the time of an entry, or undefined. */
  read (start: number, end: number, time: Timestamp): QuarantineReason | undefined {
    if (!this.isTime(start, end)) return 'bad_timestamp'
    time.set(this.#kernel.seconds, this.#kernel.nanos)
    const unfit = this.#unfit(time)
    return unfit === undefined ? undefined : this.#mendYear(time, unfit)
  }

  #mendYear (time: Timestamp, unfit: QuarantineReason): QuarantineReason | undefined {
    const { seconds } = time
    for (const years of [1, -1]) {
      time.set(yearsLater(seconds, years), time.nanos)
      if (this.#unfit(time) !== undefined) continue
      this.#mend('year', 1)
      return undefined
    }
    return unfit
  }

  #unfit (time: Timestamp): 'too_old' | 'too_new' | undefined {
    const timeMs = time.milliseconds
    if (!(timeMs >= this.#oldestMs)) return 'too_old'
    return timeMs > this.#newestMs ? 'too_new' : undefined
  }
}

/**
 * The same day and hour in another year; NaN where that year has no such day. Who writes times without a year (RFC
 * 3164) leaves it to others to find it, and at New Year these can be wrong by one.
 */
function yearsLater (seconds: number, years: number): number {
  const date = new Date(seconds * 1000)
  const month = date.getUTCMonth()
  date.setUTCFullYear(date.getUTCFullYear() + years)
  return date.getUTCMonth() === month ? date.getTime() / 1000 : NaN
}
