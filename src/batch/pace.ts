/** The first pause between two small batches. Each small batch after it doubles the pause, up to the linger. */
const FIRST_MS = 8
/** A delivery that comes so many lingers after the last batch comes after a rest. */
const REST_LINGERS = 2
/** After so many batches that did not wait, one waits for PROBE_MS, to see whether others send too. */
const PROBE_AFTER = 128
const PROBE_MS = 8
/**
 * The parts of a full pause in which nothing needs to be read. What comes in its second half says that others send too,
 * so the first part ends before that half, and the second part ends before the batch goes.
 */
const QUIET_PARTS = [0.4, 0.95] as const

/**
 * When the next small batch of an address goes. Small batches cost nearly as much as large ones, so while deliveries
 * come thinly but steadily, they gather for `lingerMs`. Two kinds of senders gain nothing from that, and do not wait:
 *
 * - The first delivery after a rest goes at once. The pause grows only while small batches come in a row:
 *
 *       at rest (no pause) --(a batch)--> FIRST_MS --(a small batch)--> twice as long ... --(a small batch)--> lingerMs
 *            ^----------------------------(nothing for two lingers)------------------------------------------------'
 *
 * - rsyslog sends one message and waits until it is settled. Where all who send have sent, nothing can come any more,
 *   and the batch goes. `#senders` is how many deliveries are unsettled then, as far as can be learned:
 *
 *       any --(more are unsettled at once)--> unknown: each batch waits for its pause
 *       any --(others came while a batch waited for a probe)--> unknown
 *       any --(nothing came in the second half of a pause)--> those that are unsettled
 *
 *   So a lone sender waits for PROBE_MS once in PROBE_AFTER messages, and never else.
 *
 * All times are of a clock in ms that never goes back.
 */
export class Pace {
  readonly #lingerMs: number
  #pauseMs = 0
  #wentAt = -Infinity
  #cameAt = -Infinity
  #senders = 1
  #unsettled = 0
  /** Batches in a row that went because all had sent. */
  #inStep = 0
  /** When the batch that waits for a probe goes. */
  #probeUntil: number | undefined

  constructor (lingerMs: number) {
    this.#lingerMs = lingerMs
  }

  /** So many deliveries came since the last call. */
  came (deliveries: number, now: number): void {
    if (this.#unsettled === 0 && now - this.#wentAt > REST_LINGERS * this.#lingerMs) this.#pauseMs = 0
    this.#cameAt = now
    this.#unsettled += deliveries
    if (this.#unsettled > this.#senders) this.#senders = Infinity
  }

  /** So many deliveries are settled, or dropped. */
  settled (deliveries: number): void {
    this.#unsettled -= deliveries
  }

  /** When the batch that waits may go, as far as is known now. It may be past. */
  due (now: number): number {
    const paced = this.#wentAt + this.#pauseMs
    if (paced <= now || this.#unsettled < this.#senders) return paced
    if (this.#inStep < PROBE_AFTER) return now
    this.#probeUntil ??= now + PROBE_MS
    return Math.min(paced, this.#probeUntil)
  }

  /** Until when nothing that comes makes a difference. It is past where the next delivery might. */
  quietUntil (now: number): number {
    if (this.#senders !== Infinity || this.#pauseMs < this.#lingerMs) return -Infinity
    const part = QUIET_PARTS.find(part => now < this.#wentAt + part * this.#pauseMs)
    return part === undefined ? -Infinity : this.#wentAt + part * this.#pauseMs
  }

  /** The batch goes. `small`: a later one might have been worth waiting for. */
  went (small: boolean, now: number): void {
    const waited = this.#pauseMs > 0 && now >= this.#wentAt + this.#pauseMs
    if (waited && now - this.#cameAt > this.#pauseMs / 2) this.#senders = this.#unsettled
    this.#inStep = waited || this.#probeUntil !== undefined ? 0 : this.#inStep + 1
    this.#probeUntil = undefined
    if (small) this.#pauseMs = Math.min(this.#lingerMs, Math.max(FIRST_MS, 2 * this.#pauseMs))
    this.#wentAt = now
  }
}
