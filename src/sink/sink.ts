import type { Check, Part, RejectedEntry } from '../worker/messages/tasks.ts'

/** The ticket of the batch that a part came from (ack/ticket.ts). */
export interface PartTicket {
  /** The part is stored, in quarantine or in a dead-letter file. Must be called once for each part. */
  resolvePart (): void
  /** Other parts replace the part: how many. None where its records are in a dead-letter file. */
  split (parts: number): void
}

/** What the metrics show of a dead-letter directory. */
export interface DeadLetterUse {
  readonly maxBytes: number
  /** Whether the last write found no room. */
  readonly blocked: boolean
  /** The bytes of its files as last measured. The directory is measured anew for the next call. */
  bytes (): number
}

/** Where a sink puts the entries that Loki rejects. */
export interface DeadLetterStore extends DeadLetterUse {
  /** How the log calls it. */
  readonly name: string
  /** Resolves when the entry is safe. Rejects where it is not; the caller must then write it again. */
  write (entry: RejectedEntry): Promise<void>
  close (): Promise<void>
}

/**
 * A sink stores parts. It resolves each part exactly once, and only when its records are safe. It reports no failure:
 * it tries again for as long as it takes. The parts that it has when it is closed stay unresolved.
 *
 *     made --start()--> taking --close()--> closed
 */
export interface Sink {
  start (): void
  /**
   * Does nothing after `close`: a worker may still bring a batch then, and that batch stays unsettled. `oldestMs`: the
   * oldest timestamp of the batch's records, in Unix time; NaN where no record keeps its own.
   */
  add (part: Part, ticket: PartTicket, oldestMs: number): void
  /** Compressed bytes that wait or are being pushed, by tenant. */
  readonly bytes: ReadonlyMap<string, number>
  /** How many shards have parts or a push. */
  readonly shards: number
  /** How many shards wait before they push again, or try again, by why. */
  readonly waiting: ReadonlyMap<string, number>
  /** What the dead-letter directory holds; undefined where there is none. */
  readonly deadLetters?: DeadLetterUse | undefined
  /** How many streams the tenant may have, where the store tells. */
  streamsLimit (tenant: string): number | undefined
  /** Whether the sink can store parts, and why or why not. */
  status (): Check
  /** The process stops soon: what waits is tried at once, and in short turns. */
  drain (): void
  /** Aborts the pushes under way, and resolves no ticket any more. */
  close (): Promise<void>
}
