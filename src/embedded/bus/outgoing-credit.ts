import type { Sender } from 'rhea'

/**
 * The credit that is left on a link that this side sends on. rhea subtracts a delivery from the credit when it writes
 * the delivery, some time after `send`. This class subtracts it at once.
 */
export class OutgoingCredit {
  readonly #sender: Sender
  #used = 0
  #above = -1

  constructor (sender: Sender) {
    this.#sender = sender
  }

  /** How many deliveries the peer's credit and the session's buffer allow. */
  get left (): number {
    const { outgoing } = this.#sender.session as unknown as { outgoing: { available (): number } }
    if (this.#limit <= this.#above) return 0
    return Math.min(this.#limit - this.#used, outgoing.available())
  }

  /** Nothing is left until the peer gives more than it has so far. */
  waitForMore (): void {
    this.#above = Math.max(this.#above, this.#limit)
  }

  /** Counts one delivery, and returns its number on this link. */
  take (): number {
    return this.#used++
  }

  /** Gives the credit that is left back to a peer that asked for it (AMQP 1.0, 2.6.7). */
  drain (): void {
    // More deliveries may be on their way than the peer has counted. rhea would count down for ever from a credit below
    // 0.
    const counters = this.#sender as unknown as { credit: number }
    counters.credit = Math.max(0, counters.credit)
    this.#used = this.#limit
    this.#sender.set_drained(true)
  }

  get #limit (): number {
    const { credit, delivery_count: count } = this.#sender as unknown as { credit: number, delivery_count: number }
    return credit + count
  }
}
