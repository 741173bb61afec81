/** What the connections of one address count together. */
export interface RelpCounts {
  /** Records that are not stored. */
  unanswered: number
  /** What their deliveries have cost. */
  cost: number
  /** Frames that were cut. */
  faults: number
  /** Records that came again while they were held, and were not taken again. */
  recognised: number
}
