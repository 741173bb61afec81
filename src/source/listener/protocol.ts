import type { DeliveryFormat } from '../../worker/messages/tasks.ts'

/** One sender's connection, as its session sees it. */
export interface Peer {
  /** The sender's host, without its port; that of the PROXY header where there is one. */
  readonly host: string
  /** What is written in one turn leaves in one write. Does nothing where the connection is gone. */
  write (text: string): void
  /** Closes the connection behind what is written. Nothing is read from it any more. */
  end (): void
  /**
   * Hands a delivery on. The cost must have fitted the room of the call of `take` that is under way. `onSettled` is
   * called when its records are stored, also where the connection is gone by then. `redelivered`: some of them may have
   * been stored before, as they were sent over a connection that is gone.
   */
  deliver (message: Uint8Array, cost: number, onSettled?: () => void, redelivered?: boolean): void
  /**
   * The connection was held back, and since then there was no moment at which everything that had come was read. The
   * end of the connection may stand behind what is not read.
   */
  readonly behind: boolean
}

/**
 * What a session made of the bytes that it was shown: it has taken the first `taken` of them. What lacks for the next
 * frame is more bytes, or room in the budget.
 */
export interface Taken { taken: number, lacks: 'bytes' | 'room' }

/**
 * What a protocol makes of one connection.
 *
 *     open --(the sender's end)--> ended --(the connection closes)--> lost
 *       `-------------(the connection breaks)-------------------------^
 */
export interface Session {
  /**
   * Takes whole frames from the start of `bytes`, as far as their cost has `room`. What it does not take comes again,
   * with more behind it; so a session keeps no bytes. With `last`, nothing comes behind them. `bytes` is valid until
   * `take` returns. Throws ProtocolError where the sender breaks the protocol: the connection is closed then.
   */
  take (bytes: Buffer, room: number, last: boolean): Taken
  /** The sender will send no more. `dropped` bytes at the end were no whole frame. */
  ended (dropped: number): void
  /** The connection is gone: nothing can be written to it. */
  lost (): void
  /** The process stops: nothing is taken from the connection any more. */
  stop (): void
  /** Whether frames may come that take no room. Such a connection is read, a little at a time, also without room. */
  readonly fresh: boolean
  /** Whether the sender can send no more before it has an answer, as far as is known. */
  readonly full: boolean
  /** Whether the connection may be closed without a loss: nothing is unanswered, and its sender will connect again. */
  readonly idle: boolean
}

/** What runs over the connections of one address. */
export interface Protocol {
  readonly name: 'relp' | 'syslog'
  readonly format: DeliveryFormat
  /** Says in the log line of the listener what senders may rely on. */
  readonly promise: string
  /** Whether what has come, and is not read at a stop, would be lost. It is read then. */
  readonly readsAtStop: boolean
  /** Whether a connection may begin with these bytes; undefined where there are too few of them. */
  begins (bytes: Buffer): boolean | undefined
  open (peer: Peer): Session
  /** What the process holds of senders that wait for an answer: so many records. */
  readonly unanswered: number
  /** Frames at fault whose connections go on. */
  readonly faults?: number
  /** Records that came again while they were held, and were not taken again. */
  readonly recognised?: number
}

/** The sender broke the protocol. The message says how. */
export class ProtocolError extends Error {}
