/** The fields of `flow`, `begin` and `disposition` (AMQP 1.0, 2.7) that a sender reads. */
export interface FlowFields {
  next_incoming_id?: number, incoming_window: number, handle?: number, delivery_count?: number, link_credit?: number
}
export interface DispositionFields { first: number, last?: number, settled?: boolean, state?: { descriptor: { value: unknown } } }

const ACCEPTED = 0x24

/**
 * Replaces rhea's sending half of a session (`session.outgoing`) for a session with one link whose owner writes the
 * transfer frames itself. It knows how many frames and messages the peer still takes, and reports dispositions as
 * ranges.
 */
export class Outgoing {
  /** Counts the frames and messages written so far. */
  next_transfer_id = 0
  messages = 0
  readonly window = 0xffffffff
  /** rhea reads this to learn whether its buffer is full. */
  readonly deliveries = { available: (): number => 1 }
  readonly #onChange: () => void
  readonly #onSettled: (first: number, last: number) => void
  /** One past the last frame and the last message that the peer takes. */
  #frameLimit = 0
  #messageLimit = 0

  constructor (onSettled: (first: number, last: number) => void, onChange: () => void) {
    this.#onSettled = onSettled
    this.#onChange = onChange
  }

  get frames (): number { return (this.#frameLimit - this.next_transfer_id) | 0 }

  get credit (): number { return (this.#messageLimit - this.messages) | 0 }

  available (): number { return 1 }

  process (): void {
    this.#onChange()
  }

  on_begin ({ incoming_window: window }: { incoming_window: number }): void {
    this.#frameLimit = window
  }

  /** Before the peer has seen our `begin`, it leaves `next-incoming-id` out (2.7.4); our first id is meant then. */
  on_flow (flow: FlowFields): void {
    this.#frameLimit = ((flow.next_incoming_id ?? 0) + flow.incoming_window) >>> 0
    if (flow.handle != null && flow.link_credit != null) this.#messageLimit = ((flow.delivery_count ?? 0) + flow.link_credit) >>> 0
    this.#onChange()
  }

  /**
   * A message settled with another outcome than `accepted` is lost, as rsyslog would lose it. No figure is valid then.
   */
  on_disposition ({ first, last, settled, state }: DispositionFields): void {
    const outcome = Number(state?.descriptor.value)
    if (settled !== true || outcome !== ACCEPTED) throw new Error(`the program sent a disposition of outcome 0x${outcome.toString(16)}, settled: ${settled === true}, where only accepted will do`)
    this.#onSettled(first, last ?? first)
    this.#onChange()
  }
}
