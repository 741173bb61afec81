/** Fields of the performatives `flow`, `begin` and `disposition` (AMQP 1.0, 2.7) that a sender looks at. */
export interface FlowFields { next_incoming_id?: number, incoming_window: number, handle?: number, delivery_count?: number, link_credit?: number }
export interface DispositionFields { first: number, last?: number, settled?: boolean, state?: { descriptor: { value: unknown } } }

const ACCEPTED = 0x24

/**
 * The sending half of an AMQP session that has one link, in the place of rhea's own (`session.outgoing`), for somebody who writes the
 * transfer frames himself: it knows how many frames and messages the peer still takes, and hears of dispositions range by range.
 */
export class Outgoing {
  /** Frames and messages written so far. */
  next_transfer_id = 0
  messages = 0
  readonly window = 0xffffffff
  /** rhea asks whether its buffer is full. */
  readonly deliveries = { available: (): number => 1 }
  readonly #onChange: () => void
  readonly #onSettled: (first: number, last: number) => void
  /** One more than the last frame, and message, that the peer takes. */
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

  /** Before it has seen our `begin` the peer leaves out where it stands (2.7.4): at our first. */
  on_flow (flow: FlowFields): void {
    this.#frameLimit = ((flow.next_incoming_id ?? 0) + flow.incoming_window) >>> 0
    if (flow.handle != null && flow.link_credit != null) this.#messageLimit = ((flow.delivery_count ?? 0) + flow.link_credit) >>> 0
    this.#onChange()
  }

  /** What is settled with another outcome than `accepted` is lost for good, as rsyslog would lose it: no figure is worth that. */
  on_disposition ({ first, last, settled, state }: DispositionFields): void {
    const outcome = Number(state?.descriptor.value)
    if (settled !== true || outcome !== ACCEPTED) throw new Error(`the program sent a disposition of outcome 0x${outcome.toString(16)}, settled: ${settled === true}, where only accepted will do`)
    this.#onSettled(first, last ?? first)
    this.#onChange()
  }
}
