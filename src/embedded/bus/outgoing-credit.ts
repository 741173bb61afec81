import type { Sender } from 'rhea'

/**
 * What may still be sent on a link of ours. rhea takes a delivery off the link's credit when it writes it, a little
 * after it was handed over; this takes it off at once.
 */
export class OutgoingCredit {
  readonly #sender: Sender
  #used = 0

  constructor (sender: Sender) {
    this.#sender = sender
  }

  /** Deliveries, as far as the peer's credit and the session's buffer go. */
  get left (): number {
    const { outgoing } = this.#sender.session as unknown as { outgoing: { available (): number } }
    return Math.min(this.#limit - this.#used, outgoing.available())
  }

  /** Counts one delivery; its number on this link. */
  take (): number {
    return this.#used++
  }

  /** Gives what is left back to a peer that asked for it (AMQP 1.0, 2.6.7). */
  drain (): void {
    // More may be on its way than the peer knew of; rhea would count down from there for ever.
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
