/** Decides when each message is sent. A message that `next` returns must be sent, because `next` counts it. */
export interface Pace {
  /** Returns the pool index of a message that may be sent now, or -1. `now` is in milliseconds. */
  next (now: number): number
  /** The message of the `count`-th call of `next` is settled. */
  settled (count: number): void
  /** Returns how many messages should have been sent by now. */
  due (now: number): number
  /** When the message of the last `next` was due, where that may be earlier than it could be sent. */
  readonly dueAt?: number
}

export type PaceOptions =
  /** Records a second. */
  | { rate: number }
  /** So many senders, each with one unsettled message. */
  | { senders: number }
  /** The same, but with no more to send than all of them together log in a second. */
  | { senders: number, rate: number }
  /** As fast as the peer takes them. */
  | Record<string, never>
