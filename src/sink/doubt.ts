import { type Answer, RETRY_REASONS } from './classify.ts'

/**
 * Why Loki may have stored a part that is pushed again. The metric `lokean_records_resent_total{reason}` has this
 * closed list. `rejected`: Loki refused an entry of the push, and may have stored the others.
 */
export const RESEND_REASONS = [...RETRY_REASONS, 'rejected'] as const
export type ResendReason = typeof RESEND_REASONS[number]

/** What is not known of a part: whether Loki has stored entries of it. */
export interface Doubt {
  /** Undefined where this process has not pushed the part: another may have, before this one started. */
  reason: ResendReason | undefined
  /** When the doubt arose, by a clock in ms that never goes back. */
  at: number
  /** The part is what a look-up has left. */
  lookedUp?: boolean
}

/** A part of a push. */
interface Doubtful {
  part: { readonly records: number }
  doubt?: Doubt | undefined
}

/** A distributor checks a tenant's rate before it stores anything (pkg/distributor/distributor.go). */
const WHOLE_PUSH = /ingestion rate limit exceeded/i

/** Notes on the parts of a push what its answer leaves open. */
export function doubt (sent: readonly Doubtful[], answer: Answer, now: number): void {
  const reason = doubtOf(answer)
  // An entry that was refused alone is not stored.
  const alone = answer.kind === 'rejected' && sent.length === 1 && sent[0]?.part.records === 1
  if (reason !== undefined && !alone) for (const pending of sent) pending.doubt = { reason, at: now }
}

/**
 * Must be called before each push. A push with an unknown outcome counts once, when the next one is made: from then on
 * Loki may have its records twice.
 */
export function countResent (sent: readonly Doubtful[], onResent: (reason: ResendReason, records: number) => void): void {
  for (const pending of sent) {
    if (pending.doubt?.reason !== undefined) onResent(pending.doubt.reason, pending.part.records)
    pending.doubt = undefined
  }
}

export function needsLookUp (sent: readonly Doubtful[]): boolean {
  return sent.some(({ doubt }) => doubt !== undefined && doubt.lookedUp !== true)
}

/** Why Loki may have stored entries of a push that it answered like this; undefined where it has stored none. */
export function doubtOf (answer: Answer): ResendReason | undefined {
  switch (answer.kind) {
    case 'stored': return undefined
    case 'rejected': return answer.status === 413 || answer.status === 403 || answer.status === 406 ? undefined : 'rejected'
    case 'retry': {
      const { reason, status = 0, message } = answer
      if (answer.unsent === true) return undefined
      if (reason === '429') return WHOLE_PUSH.test(message) ? undefined : reason
      // A proxy may answer 200 to what Loki stored. Behind a redirect, or a wrong login or path, nothing is stored.
      if (reason === 'blocked') return status >= 200 && status < 300 ? reason : undefined
      return reason
    }
  }
}
