import type { Check, DeliveryFormat, Origin } from '../worker/messages.ts'

/**
 * What deliveries came over and are settled to: one AMQP link, one sender's connection to a listener, one socket.
 * The ids of its deliveries count up by one and wrap at 2^32 (RFC 1982 serial numbers).
 */
export interface Connection {
  /** Nothing can be settled over it any more. Once true, it stays true. */
  readonly gone: boolean
}

/** One or more records of one address, as they came. */
export interface Delivery {
  address: string
  connection: Connection
  id: number
  /** Valid until `onDelivery` returns: whoever needs it longer copies it. */
  message: Uint8Array
  /** Bytes that the source has leased from the budget of the address. The pipeline releases them. */
  cost: number
}

/** Delivery ids from `first` to `last`, both included. */
export type Range = [first: number, last: number]

/** Consecutive deliveries of one connection. */
export interface Span { readonly connection: Connection, first: number, last: number }

/** An address, what it says of all its records, and how its deliveries hold them. */
export interface SourceAddress extends Origin {
  format: DeliveryFormat
}

export interface SourceEvents {
  onDelivery: (delivery: Delivery) => void
  /** The source cannot go on, and the process has to end. Called at most once. */
  onFatal: (error: Error) => void
}

/** What a source counts for the metrics, since it was made. A source leaves out what it has none of. */
export interface SourceCounters {
  /** Connections opened to the bus. */
  readonly connects?: number
  /** Connections to the bus that were lost, or closed by the bus. */
  readonly disconnects?: number
  /** Datagrams that the kernel dropped. Undefined also where the kernel does not tell. */
  readonly dropped?: number
}

/**
 * Whatever feeds the batcher: an AMQP bus, a socket, a listener with thousands of connections. The pipeline holds a
 * list of sources and knows none by its kind.
 *
 *     made --start()--> delivering --stop()--> draining --(all is handed on)--> drained
 *       any --close()--> closed
 *
 * Promises of every source:
 * - It delivers only after `start`, and never from within a call of the pipeline's.
 * - It leases the cost of a delivery from the budget of the address before it hands the delivery on. While a budget has
 *   no room it takes nothing for that address, and so holds its senders back.
 * - It settles nothing by itself. What the pipeline never settles stays with the sender, as far as the protocol has it.
 * - The deliveries of one connection reach the batcher in the order of their ids.
 */
export interface Source {
  /** Its name among the checks of `/readyz`; no two sources share one. */
  readonly name: string
  readonly addresses: readonly SourceAddress[]
  /**
   * What becomes of a delivery that is unsettled when its connection goes. `redelivered`: the sender sends it again, so
   * what is here of it may be dropped. `kept`: the sender may have forgotten it, so it is stored, and settled to nobody.
   */
  readonly whenGone: 'redelivered' | 'kept'
  readonly counters: SourceCounters

  start (events: SourceEvents): void

  /** Whether any sender can send more on this address before something of it is settled. */
  canSendMore (address: string): boolean

  /**
   * All records of these deliveries are stored. The ranges ascend in serial order and do not touch each other. Does
   * nothing where the connection is gone.
   */
  settle (connection: Connection, ranges: Range[]): void

  /** The budget of the address has more room than before. */
  grant (address: string): void

  /** Takes no more. Resolves when all that was sent before has been handed on; what is here can still be settled. */
  stop (): Promise<void>

  /** Gives up what is unsettled, and resolves when nothing is left open. May be called in any state. */
  close (): Promise<void>

  /** Whether records can come on every address. */
  status (): Check

  /** Whether records can come on this address, and how many deliveries its senders may send at this moment. */
  reading (address: string): { up: boolean, credit: number }
}
