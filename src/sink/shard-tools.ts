import type { Part } from '../worker/messages/tasks.ts'
import type { Answer, RetryReason } from './classify.ts'
import type { Doubt, ResendReason } from './doubt.ts'
import type { Limited } from './push-limits.ts'
import type { PartTicket } from './sink.ts'

/** A part that waits for its push, with the ticket of its batch. */
export interface Pending {
  part: Part
  ticket: PartTicket
  /** Loki has rejected a push that held this part: from now on it gets a push of its own, when its turn comes. */
  solo?: boolean
  /** When a push with nothing but this part was first rejected, by a clock in ms that never goes back. */
  rejectedAt?: number
  /** Set while Loki may have entries of the part, as far as anybody knows. */
  doubt?: Doubt | undefined
  /** The part is one entry. Loki has rejected it alone, and is asked once more before the entry is put aside. */
  secondOpinion?: boolean
}

export type Rejected = Answer & { kind: 'rejected' }

/** One try of a push: what came back, and the endpoint that it went to. */
export interface Attempt {
  answer: Answer
  endpoint: number
  /** Parts of other shards shared the push, so the answer may be due to them. */
  joined: boolean
  /** Uncompressed bytes of the whole push. */
  rawBytes: number
  /** False where another shard gets the same answer, and counts it. */
  first: boolean
}

/**
 * What becomes of a part that was rejected in a push of its own.
 * - replaced: these take its place in the queue; none where its records lie in dead letters.
 * - held: a condition is at fault, and no record. The part is pushed again until Loki takes it.
 * - later: nobody could tell yet. `answer` says why.
 */
export type Ruling =
  | { kind: 'replaced', by: Pending[] }
  | { kind: 'held', message: string, hint: string | undefined }
  | { kind: 'later', answer: Answer & { kind: 'retry' } }

/** A shard, as its tools see it. */
export interface ShardHandle {
  readonly tenant: string
  readonly index: number
  /** Ends a pause, because Loki has just stored another shard's push. */
  wake (): void
}

/** What a shard works with. */
export interface ShardTools {
  pushBytes: number
  /** Uncompressed bytes that a push of the tenant may have at present, unless it is one entry (PushLimits). */
  limit: () => number
  /** Whether the part needs a push of its own, or may go behind `newBefore` parts of new streams in one. */
  isSolo: (part: Part, newBefore: number) => boolean
  /** A rate limit refused the push. Returns whether Loki can never store one of that size. */
  limited: (push: Limited) => boolean
  /** For how many ms Loki wants no push, and why (Retry-After); undefined where it may get one. */
  hold: () => { ms: number, reason: RetryReason } | undefined
  /** Tries a push once. `alone`: the parts may not share their push with others. */
  push: (shard: ShardHandle, parts: readonly Part[], alone: boolean) => Promise<Attempt>
  /**
   * Looks in Loki for parts with a doubt, and says what is left of each to push: undefined where Loki has all of it.
   * Without it, they are pushed again unseen.
   */
  lookUp?: (sent: readonly Pending[]) => Promise<Array<Pending | undefined>>
  /** So many records are pushed that Loki may have already. */
  onResent: (reason: ResendReason, records: number) => void
  /** Says what becomes of a part that was rejected in a push of its own. Undefined where the sink closed first. */
  rule: (pending: Pending, answer: Rejected, endpoint: number) => Promise<Ruling | undefined>
  /** Halves a part that is larger than `limit`. Undefined where the sink closed first. */
  halve: (pending: Pending) => Promise<Pending[] | undefined>
  /**
   * Takes a part out of the way of others: one that a condition holds (`ruling`), or a rejected record on its way to
   * quarantine. Returns false where the shard has to keep it, because only such parts are there.
   */
  setAside: (pending: Pending, ruling?: Ruling & { kind: 'held' }) => boolean
  /** `first`: see Attempt. */
  onRetry: (shard: ShardHandle, reason: RetryReason, message: string, delayMs: number, hint: string | undefined, first: boolean) => void
  /** The shard, or a solo push of it, has nothing left to push, and waits for nothing. */
  forget: (shard: ShardHandle) => void
  /** The shard has nothing left to push. */
  onIdle: (shard: ShardHandle) => void
  /** The pause before a push is tried again, in ms. `attempt` counts from 0. */
  pause: (reason: RetryReason, attempt: number) => number
  /** A clock in ms that never goes back. */
  now: () => number
}
