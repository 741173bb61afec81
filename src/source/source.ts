import type { Check, DeliveryFormat } from '../worker/messages/tasks.ts'
import type { Origin } from '../worker/messages/settings.ts'

/**
 * Deliveries come over a connection and are settled to it. It is one AMQP link, one sender's connection to a listener,
 * or one socket. The ids of its deliveries count up by one and wrap at 2^32 (RFC 1982 serial numbers).
 */
export interface Connection {
  /** Where true, nothing can be settled over the connection any more. It never becomes false again. */
  readonly gone: boolean
}

/** One or more records of one address, as the source received them. */
export interface Delivery {
  address: string
  connection: Connection
  id: number
  /** Valid until `onDelivery` returns. Whoever needs the bytes longer must copy them. */
  message: Uint8Array
  /** Bytes that the source has leased from the budget of the address. The pipeline releases them. */
  cost: number
  /**
   * By this the message is recognised when it comes again, where unsettled deliveries are `redelivered`. Equal messages
   * have equal ones, others seldom.
   */
  fingerprint?: number
  /** The source itself knows that the message was sent before. */
  redelivered?: boolean
}

/** Delivery ids from `first` to `last`, both included. */
export type Range = [first: number, last: number]

/** Consecutive deliveries of one connection. */
export interface Span { readonly connection: Connection, first: number, last: number }

/** An address, the labels and tenant of all its records, and the format of its deliveries. */
export interface SourceAddress extends Origin {
  format: DeliveryFormat
}

export interface SourceEvents {
  onDelivery: (delivery: Delivery) => void
  /**
   * A connection of the address has just gone. Must be called where unsettled deliveries are `redelivered`, so that
   * those that are stored all the same are recognised when they come again.
   */
  onGone: (address: string, connection: Connection) => void
  /** The source cannot go on, so the process has to end. Called at most once. */
  onFatal: (error: Error) => void
}

/** The counts of a source for the metrics, since it was made. A source leaves out those that it does not have. */
export interface SourceCounters {
  /** Connections opened to the bus. */
  readonly connects?: number
  /** Connections to the bus that were lost, or closed by the bus. */
  readonly disconnects?: number
  /** Connections of senders that are open. */
  readonly connections?: number
  /** Connections that are accepted, and wait for a place. */
  readonly waiting?: number
  /** Connections that came from senders. */
  readonly accepted?: number
  /** Connections that were closed because of what came over them, or did not. */
  readonly faults?: number
  /** Records that came again while they were held, and were not taken again. */
  readonly recognised?: number
  /** Datagrams that the kernel dropped. Also undefined where the kernel does not say. */
  readonly dropped?: number
}

/**
 * A source feeds the batcher. It is an AMQP bus, a socket, or a listener with thousands of connections. The pipeline
 * holds a list of sources and does not know their kinds.
 *
 *     made --start()--> delivering --stop()--> draining --(all is handed on)--> drained
 *       any --close()--> closed
 *
 * Every source promises:
 * - It delivers only after `start`, and never during a call from the pipeline.
 * - It leases the cost of a delivery from the budget of its address before it hands the delivery on. While a budget has
 *   no room, the source takes nothing for that address, and so holds its senders back.
 * - It settles nothing by itself. A delivery that the pipeline never settles stays with the sender, where the protocol
 *   allows that.
 * - The deliveries of one connection reach the batcher in the order of their ids.
 */
export interface Source {
  /** The name among the checks of `/readyz`. No two sources share one. */
  readonly name: string
  readonly addresses: readonly SourceAddress[]
  /**
   * What becomes of an unsettled delivery when its connection is gone. `redelivered`: the sender sends it again, so the
   * pipeline may drop it. `kept`: the sender may have forgotten it, so the pipeline stores it and settles it to nobody.
   */
  readonly whenGone: 'redelivered' | 'kept'
  readonly counters: SourceCounters
  /** Where the source reads from, for the log line that says that Lokean is up. */
  readonly startFacts: Readonly<Record<string, unknown>>

  start (events: SourceEvents): void

  /** Whether any sender can send more on this address before one of its deliveries is settled. */
  canSendMore (address: string): boolean

  /**
   * Settles resolved deliveries: those whose records are all in Loki or lie in a dead-letter file. The ranges ascend in
   * serial order and do not touch each other. The call does nothing where the connection is gone.
   */
  settle (connection: Connection, ranges: Range[]): void

  /** Says that the budget of the address has more room than before. */
  grant (address: string): void

  /**
   * Says that nothing of the address is needed within the next `ms`. A source may leave its sockets unread for so long:
   * each wake-up costs as much as several records.
   */
  quiet? (address: string, ms: number): void

  /** Takes no more. Resolves when all that was sent before is handed on. Deliveries can still be settled after that. */
  stop (): Promise<void>

  /** Gives up unsettled deliveries, and resolves when nothing is left open. May be called in any state. */
  close (): Promise<void>

  /** Whether records can come on every address. */
  status (): Check

  /**
   * Whether records can come on this address, and the credit of its senders: how many deliveries they may send at this
   * moment. The credit is 0 where the protocol has none.
   */
  reading (address: string): { up: boolean, credit: number }
}
