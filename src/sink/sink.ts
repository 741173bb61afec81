import type { Check, Part } from '../worker/messages.ts'

/** The way back of the batch that a part came from (ack/ticket.ts). */
export interface PartTicket {
  /** The part is stored, in quarantine or in a dead-letter file. To be called once a part. */
  resolvePart (): void
  /** The part was replaced by so many others; by none, where it is done with. */
  split (parts: number): void
}

/**
 * Where parts go. A sink resolves each part exactly once, and only when its records are safe. It has no failure to
 * report: it tries again for as long as it takes, and what it holds when it is closed stays unresolved.
 *
 *     made --start()--> taking --close()--> closed
 */
export interface Sink {
  start (): void
  /** After `close` a no-op: a worker may still come back with a batch then, which stays unsettled. */
  add (part: Part, ticket: PartTicket): void
  /** Compressed bytes that wait or are being pushed. */
  readonly bytes: number
  /** Shards of tenants that hold parts or a push. */
  readonly shards: number
  /** Whether it takes parts, and in words. */
  status (): Check
  /** Aborts what is under way; nothing more is resolved. */
  close (): Promise<void>
}
