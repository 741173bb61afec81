/** Where the clock is this far behind the last reserved time, it was set back. ArrivalClock then follows the clock. */
const SET_BACK_NANOS = 1e9

/**
 * Reserves times of arrival, in nanoseconds since the epoch, that no two entries share. Quarantined records are stored
 * under them, and Loki would keep only one of two equal records with the same time. Each caller gets a time and as many
 * nanoseconds behind it as it may need. ArrivalClock never gives one of them again; where it must, it runs ahead of the
 * real clock by that little. Within a millisecond it starts where the monotonic clock is, so that two processes do not
 * start at the same nanosecond.
 */
export class ArrivalClock {
  readonly #nowMs: () => number
  readonly #fraction: () => number
  #next = { seconds: 0, nanos: 0 }

  /** `nowMs` gives whole milliseconds since the epoch. `fraction` gives nanoseconds below one millisecond. */
  constructor (nowMs: () => number = Date.now, fraction: () => number = () => Number(process.hrtime.bigint() % 1_000_000n)) {
    this.#nowMs = nowMs
    this.#fraction = fraction
  }

  /** Reserves `count` nanoseconds for the caller, and returns the first. */
  reserve (count: number): { seconds: number, nanos: number } {
    const ms = this.#nowMs()
    const now = { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 }
    // Seconds and nanoseconds are kept apart: a double cannot hold nanoseconds since the epoch exactly.
    const ahead = (this.#next.seconds - now.seconds) * 1e9 + this.#next.nanos - now.nanos
    const given = ahead > 0 && ahead < SET_BACK_NANOS
      ? { ...this.#next }
      : { seconds: now.seconds, nanos: now.nanos + this.#fraction() }
    const end = given.nanos + count
    this.#next = { seconds: given.seconds + Math.floor(end / 1e9), nanos: end % 1e9 }
    return given
  }
}
