/** A clock this far behind what was last given has been set back: better to follow it than to stay in its future. */
const SET_BACK_NANOS = 1e9

/**
 * Times of arrival, in nanoseconds since the epoch, that no two entries share: quarantined records are stored under them, and Loki would
 * take two equal ones at one time for one. Each caller is given a time and as many nanoseconds behind it as it may need; the clock
 * does not give one of them again, and so runs ahead of the real one by that little when it must. Within the millisecond it starts
 * where the monotonic clock happens to be, so that two processes do not start at the same nanosecond.
 */
export class ArrivalClock {
  readonly #nowMs: () => number
  readonly #fraction: () => number
  #next = { seconds: 0, nanos: 0 }

  /** `nowMs`: whole milliseconds since the epoch; `fraction`: nanoseconds below one. */
  constructor (nowMs: () => number = Date.now, fraction: () => number = () => Number(process.hrtime.bigint() % 1_000_000n)) {
    this.#nowMs = nowMs
    this.#fraction = fraction
  }

  /** The first of `count` nanoseconds that are the caller's own. */
  reserve (count: number): { seconds: number, nanos: number } {
    const ms = this.#nowMs()
    const now = { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 }
    // Seconds and nanoseconds apart: nanoseconds since the epoch are more than a double holds exactly.
    const ahead = (this.#next.seconds - now.seconds) * 1e9 + this.#next.nanos - now.nanos
    const given = ahead > 0 && ahead < SET_BACK_NANOS
      ? { ...this.#next }
      : { seconds: now.seconds, nanos: now.nanos + this.#fraction() }
    const end = given.nanos + count
    this.#next = { seconds: given.seconds + Math.floor(end / 1e9), nanos: end % 1e9 }
    return given
  }
}
