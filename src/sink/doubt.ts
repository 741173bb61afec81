import { type Answer, RETRY_REASONS } from './classify.ts'

/**
 * Why Loki may have stored a part that is pushed again. The metric `lokean_records_resent_total{reason}` has this
 * closed list. `rejected`: Loki refused an entry of the push, and may have stored the others.
 */
export const RESEND_REASONS = [...RETRY_REASONS, 'rejected'] as const
export type ResendReason = typeof RESEND_REASONS[number]

/** What is not known of a part: whether Loki has stored entries of it. */
export interface Doubt {
  /** Why; undefined where it has been counted, or where this process has not pushed the part yet. */
  reason: ResendReason | undefined
  /** When the doubt arose, by a clock in ms that never goes back. */
  at: number
  /**
   * Whether the part can be looked up before its next push, or is what a look-up has left. `never`: Loki has answered,
   * and may have stored it with too few ingesters. What one ingester shows is not what Loki calls stored.
   */
  look: 'next' | 'done' | 'never'
}

/** A part of a push. */
interface Doubtful {
  part: { readonly records: number }
  doubt?: Doubt | undefined
}

/** A distributor checks a tenant's rate before it stores anything (pkg/distributor/distributor.go). */
const WHOLE_PUSH = /ingestion rate limit exceeded/i

/**
 * Notes on the parts of a push what its answer leaves open. `joined`: others shared the push. A doubt outlives pushes
 * that Loki did not get.
 */
export function doubt (sent: readonly Doubtful[], answer: Answer, joined: boolean, now: number): void {
  if (answer.kind === 'stored') return
  // An entry that was refused alone is not stored.
  const alone = answer.kind === 'rejected' && !joined && sent.length === 1 && sent[0]?.part.records === 1
  const reason = alone ? undefined : doubtOf(answer)
  for (const pending of sent) {
    if (reason !== undefined) pending.doubt = { reason, at: now, look: isLokisOwn(answer) ? 'never' : 'next' }
    else if (pending.doubt?.look === 'done') pending.doubt = { ...pending.doubt, look: 'next' }
  }
}

/**
 * Must be called before each push. A push with an unknown outcome counts once, when the next one is made: from then on
 * Loki may have its records twice.
 */
export function countResent (sent: readonly Doubtful[], onResent: (reason: ResendReason, records: number) => void): void {
  for (const { doubt, part } of sent) {
    if (doubt?.reason === undefined) continue
    onResent(doubt.reason, part.records)
    doubt.reason = undefined
  }
}

export function needsLookUp (sent: readonly Doubtful[]): boolean {
  return sent.some(({ doubt }) => doubt?.look === 'next')
}

/** What stands between here and Loki. */
const GATEWAY = new Set([502, 504])

function isLokisOwn (answer: Answer): boolean {
  return answer.kind === 'rejected' || (answer.kind === 'retry' && answer.status !== undefined && !GATEWAY.has(answer.status))
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
