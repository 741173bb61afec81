/** The outcome that a receiver gives to a delivery, or the bus in its place. `state` is the AMQP outcome to write. */
export type OutcomeName = 'accepted' | 'rejected' | 'released' | 'modified'
export interface Outcome { readonly name: OutcomeName, readonly state: unknown }

/** The outcomes that the bus itself gives: to a message that it cannot route, and to one that a dying receiver held. */
export interface OwnOutcomes { readonly released: Outcome, readonly modified: Outcome }

/** A link on which a peer sends to the address. */
export interface SenderPort {
  /** The credit that the peer holds now. */
  readonly credit: number
  grant (credit: number): void
  /** Asks the peer to give its credit back. */
  drain (): void
}

/** A link on which a peer receives from the address. */
export interface ReceiverPort {
  /** The deliveries that may be sent now. */
  readonly credit: number
  send (delivery: Delivery): void
}

/** The order in which messages come again. A message may be repeated. */
export type Reorder = <T>(messages: readonly T[]) => T[]

export interface AddressStats {
  /** Deliveries from senders, also those that came settled. */
  received: number
  /** Deliveries to receivers. A delivery that is sent again counts each time. */
  delivered: number
  accepted: number
  rejected: number
  released: number
  modified: number
  /** Deliveries that came settled. They have no outcome. */
  presettled: number
  /** Deliveries that the bus holds now, because they wait for credit or for a receiver's outcome. */
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
 * `settle` is called once, with the outcome. It is never called for a delivery that came settled.
 */
export interface Delivery {
  readonly message: Buffer
  readonly format: number
  readonly presettled: boolean
  settle (outcome: Outcome): void
}
