/** An HTTP status and a text, with which Loki refuses a request. `reason` is set where the refusal is counted. */
export class Refusal extends Error {
  readonly status: number
  readonly reason: RejectReason | undefined

  constructor (status: number, text: string, reason?: RejectReason) {
    super(text)
    this.name = 'Refusal'
    this.status = status
    this.reason = reason
  }
}

/**
 * The reasons for which entries (or, for `malformed`, whole pushes) were not stored. The names are Loki's own discard
 * reasons, where Loki has one. The list is closed, so that every counter exists from the start.
 */
export const rejectReasons = [
  'malformed', 'max_label_names_per_series', 'label_name_too_long', 'label_value_too_long', 'duplicate_label_names',
  'line_too_long', 'greater_than_max_sample_age', 'too_far_in_future', 'too_far_behind', 'structured_metadata_too_large',
  'structured_metadata_too_many', 'disallowed_structured_metadata', 'missing_enforced_labels', 'rate_limited', 'stream_limit',
  'message_too_large'
] as const

export type RejectReason = typeof rejectReasons[number]
export type RejectCounts = Record<RejectReason, number>

export function noRejects (): RejectCounts {
  return Object.fromEntries(rejectReasons.map((reason) => [reason, 0])) as RejectCounts
}

/** The refusals of single entries, for one answer. Equal texts are given once, with their number. */
export class GroupedRefusal {
  readonly #texts = new Map<string, number>()

  add (refusal: Refusal): void {
    this.#texts.set(refusal.message, (this.#texts.get(refusal.message) ?? 0) + 1)
  }

  throwIfAny (): void {
    if (this.#texts.size === 0) return
    const numbered = this.#texts.size > 1
    const counted = [...this.#texts].map(([text, times]) => (numbered || times > 1 ? `${times} errors like: ` : '') + text)
    throw new Refusal(400, counted.join('; '))
  }
}
