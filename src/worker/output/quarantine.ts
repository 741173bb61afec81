import { type EncoderSettings, QUARANTINE_REASONS, type QuarantineReason } from '../messages.ts'
import { formatLabels } from '../streams/labels.ts'

/** The labels of the quarantine stream of each reason. */
export const QUARANTINE_LABELS = Object.fromEntries(
  QUARANTINE_REASONS.map(reason => [reason, formatLabels([['source', 'lokean'], ['quarantine', reason]])])
) as Record<QuarantineReason, string>

/** The tenant that gets the quarantined records of an address. */
export function quarantineTenant ({ tenant: rule, quarantineTenant, origins }: EncoderSettings, address: string): string {
  const own = origins.find(origin => origin.address === address)?.tenant
  if (own !== undefined) return own
  return rule.kind === 'none' ? '' : rule.kind === 'fixed' ? rule.tenant : quarantineTenant
}
