import type { RejectCounts } from './push/refusal.ts'

export interface LokiStats {
  /** Requests to the push endpoint, with any outcome. */
  pushes: number
  /**
   * Entries stored since the start, repeats that were ignored, and stored entries that were dropped later for lack of
   * room. A repeat that Loki would not find is stored.
   */
  entries: number
  duplicates: number
  dropped: number
  /** The size of the entries that the store holds now. */
  bytes: number
  streams: number
  /** Entries that were not stored, by reason. For `malformed`, pushes. */
  rejected: RejectCounts
}
