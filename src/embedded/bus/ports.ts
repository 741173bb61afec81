/** What a receiver decided of a delivery, or the bus in its place. `state` is the AMQP outcome as it goes on the wire. */
export type OutcomeName = 'accepted' | 'rejected' | 'released' | 'modified'
export interface Outcome { readonly name: OutcomeName, readonly state: unknown }

/** The outcomes that the bus itself gives: to what it cannot route, and to what a dying receiver held. */
export interface OwnOutcomes { readonly released: Outcome, readonly modified: Outcome }

/** A link on which a peer sends to the address. */
export interface SenderPort {
  /** Credit that the peer holds now. */
  readonly credit: number
  grant (credit: number): void
  /** Asks the peer to give back the credit it holds. */
  drain (): void
}

/** A link on which a peer receives from the address. */
export interface ReceiverPort {
  /** Deliveries that may be sent now. */
  readonly credit: number
  send (delivery: Delivery): void
}

/** In which order messages come again, and how often each. */
export type Reorder = <T>(messages: readonly T[]) => T[]

export interface AddressStats {
  /** Deliveries that came in from senders, those sent settled among them. */
  received: number
  /** Deliveries that went out to receivers, a delivery that is tried anew counted each time. */
  delivered: number
  accepted: number
  rejected: number
  released: number
  modified: number
  /** Sent settled: they have no outcome. */
  presettled: number
  /** Held now, waiting for credit or for a receiver's outcome. */
  unsettled: number
  senders: number
  receivers: number
}

/**
 * A message on its way through the bus.
 *
 *     waiting --send--> with a receiver --its outcome--> settled
 *        |                     +-------- it dies: modified ----^
 *        +------- no receiver is left: released ---------------^
 *        +------- its sender is gone: dropped
 *
 * `settle` is called once, with the outcome; never for a delivery that was sent settled.
 */
export interface Delivery {
  readonly message: Buffer
  readonly format: number
  readonly presettled: boolean
  settle (outcome: Outcome): void
}
